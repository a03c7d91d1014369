import type { Queryable } from '@streaks/exactly-once/sql/progress';
import { formatJson, printable } from '../command-line/table';
import {
  DEAD_LETTER_COLUMNS,
  type DeadLetter,
  type DeadLetterRow,
  describePosition,
  REPLAYED_FROM,
  toDeadLetter,
} from './dead-letter';
import { conditionOf, type Selection } from './selection';

/** A dead letter, and the one that its replay became when it was rejected again. */
export interface ShownDeadLetter {
  readonly letter: DeadLetter;
  readonly rejectedAgain: { readonly reason: string; readonly detail: string } | undefined;
}

const BYTES_PER_LINE = 16;

/** More than one only where a topic was made anew and had the position before too. */
export async function findDeadLetters(
  store: Queryable,
  selection: Selection,
  limit: number,
): Promise<readonly ShownDeadLetter[]> {
  const { text, values } = conditionOf(selection);
  const { rows } = await store.query<DeadLetterRow & { again_reason: string | null; again_detail: string | null }>(
    `SELECT ${DEAD_LETTER_COLUMNS}, n.reason AS again_reason, n.detail AS again_detail FROM dead_letters d
     LEFT JOIN dead_letters n ON n.topic_id = d.replayed_topic_id AND n.partition = d.replayed_partition AND n."offset" = d.replayed_offset
     WHERE ${text} ORDER BY d.first_seen DESC LIMIT $${values.length + 1}`,
    [...values, limit],
  );
  return rows.map((row) => ({
    letter: toDeadLetter(row),
    rejectedAgain: row.again_reason === null ? undefined : { reason: row.again_reason, detail: row.again_detail ?? '' },
  }));
}

export function formatDeadLetter({ letter, rejectedAgain }: ShownDeadLetter): string {
  const from = letter.headers[REPLAYED_FROM]?.at(-1);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['position', `${describePosition(letter)}  (topic id ${letter.topicId})`],
    ['reason', `${letter.reason}: ${letter.detail}`],
    ['user', letter.userId ?? undefined],
    ['session', letter.eventId ?? undefined],
    ['record time', letter.recordTime.toISOString()],
    ['first seen', letter.firstSeen.toISOString()],
    ['status', describeStatus(letter)],
    ['rejected again', rejectedAgain && `${rejectedAgain.reason}: ${rejectedAgain.detail}`],
    ['replayed from', from?.toString('utf8')],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    ...facts.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(width)}  ${printable(text)}`])),
    ...formatBytes('key', letter.key),
    ...formatBytes('value', letter.value),
    ...Object.entries(letter.headers).flatMap(([name, values]) =>
      values.flatMap((value) => formatBytes(`header ${printable(name)}`, value)),
    ),
  ].join('\n');
}

function describeStatus({ status, replayedAt, topic, replayedPartition, replayedOffset }: DeadLetter): string {
  if (status === 'new' || replayedAt === null) return status;
  return `replayed ${replayedAt.toISOString()} to ${topic}/${replayedPartition ?? '?'}/${replayedOffset ?? '?'}`;
}

/** As `hexdump -C` shows bytes: any byte is visible, and none reaches the terminal as it is. */
function formatBytes(name: string, bytes: Buffer | null): readonly string[] {
  if (bytes === null) return [`${name}: null`];
  const lines = Array.from({ length: Math.ceil(bytes.length / BYTES_PER_LINE) }, (_, line) => {
    const part = bytes.subarray(line * BYTES_PER_LINE, (line + 1) * BYTES_PER_LINE);
    const hex = Array.from(part, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = part.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '.');
    return `  ${(line * BYTES_PER_LINE).toString(16).padStart(6, '0')}  ${hex.padEnd(BYTES_PER_LINE * 3)} ${text}`;
  });
  return [`${name}: ${bytes.length} bytes`, ...lines];
}

/** Bytes in hex, and as text where they are UTF-8. */
export function formatDeadLettersAsJson(shown: readonly ShownDeadLetter[]): string {
  return formatJson(
    shown.map(({ letter, rejectedAgain }) => ({
      ...letter,
      key: bytesAsJson(letter.key),
      value: bytesAsJson(letter.value),
      headers: Object.fromEntries(Object.entries(letter.headers).map(([name, list]) => [name, list.map(bytesAsJson)])),
      rejectedAgain: rejectedAgain ?? null,
    })),
  );
}

function bytesAsJson(bytes: Buffer | null): { readonly hex: string; readonly text: string | null } | null {
  if (bytes === null) return null;
  const text = bytes.toString('utf8');
  return { hex: bytes.toString('hex'), text: Buffer.from(text, 'utf8').equals(bytes) ? text : null };
}
