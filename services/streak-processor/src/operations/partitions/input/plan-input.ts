import { RefusedError } from '../../command-line/outcomes';
import type { InputRow, LogBounds, TopicFacts } from './input-state';

export type InputCommand = 'accept-gap' | 'adopt' | 'resume';

/** What will be done to a partition, told before it is done. */
export interface InputPlan {
  readonly row: InputRow;
  readonly topicId: string;
  readonly nextOffset: bigint;
  /** One sentence that names every offset that is skipped or read again. */
  readonly effect: string;
}

export interface PlanInputRequest {
  readonly topic: string;
  readonly facts: TopicFacts;
  /** Where to go on; only `accept-gap` takes it. */
  readonly to: bigint | undefined;
  /** Offset after the record batch that holds an offset, for a batch that cannot be read. */
  readonly findNextBatch: (partition: number, offset: bigint) => Promise<bigint>;
}

/** The halts that each command cures. */
export const CURED_BY: Readonly<Record<InputCommand, readonly string[]>> = {
  'accept-gap': ['POSITION_BELOW_LOG_START', 'POSITION_BEYOND_LOG_END', 'UNREADABLE_BATCH'],
  adopt: ['TOPIC_RECREATED'],
  resume: ['TOO_MANY_BAD_RECORDS', 'UNREADABLE_BATCH'],
};

/** @throws RefusedError when the command is none for the state that the partition is in */
export async function planInput(command: InputCommand, row: InputRow, request: PlanInputRequest): Promise<InputPlan> {
  const { facts } = request;
  const refuse = (why: string) => new RefusedError(`partition ${row.partition}: ${why}`);
  if (row.haltReason === null) throw refuse('it is not halted');
  if (!CURED_BY[command].includes(row.haltReason)) {
    throw refuse(`${command} is no answer to ${row.haltReason}; ${cureOf(row.haltReason)}`);
  }
  const bounds = facts.bounds.get(row.partition);
  if (bounds === undefined) throw refuse(`topic ${request.topic} has no such partition now`);
  if (command === 'adopt') return planAdoption(row, facts.topicId, bounds, refuse);
  if (row.topicId !== facts.topicId) throw refuse('the topic was made anew since; use adopt');
  if (command === 'resume') {
    return {
      ...unchanged(row),
      effect: `partition ${row.partition} goes on at offset ${row.nextOffset}; nothing is skipped`,
    };
  }
  const nextOffset = await targetOf(row, bounds, request, refuse);
  return { row, topicId: row.topicId, nextOffset, effect: describeMove(row, nextOffset) };
}

function planAdoption(
  row: InputRow,
  topicId: string,
  { low, high }: LogBounds,
  refuse: (why: string) => Error,
): InputPlan {
  if (row.topicId === topicId)
    throw refuse('its position already belongs to the topic that is there; nothing to adopt');
  const effect =
    `partition ${row.partition} leaves topic id ${row.topicId} at offset ${row.nextOffset} and reads topic id ${topicId} ` +
    `from its first record: ${low} to the end (${high - low} now)`;
  return { row, topicId, nextOffset: low, effect };
}

async function targetOf(
  row: InputRow,
  { low, high }: LogBounds,
  { to, findNextBatch }: PlanInputRequest,
  refuse: (why: string) => Error,
): Promise<bigint> {
  if (to !== undefined && (to < low || to > high)) throw refuse(`--to ${to} is outside of the log, ${low} to ${high}`);
  if (row.haltReason === 'POSITION_BELOW_LOG_START') {
    if (row.nextOffset >= low) throw refuse(`its position ${row.nextOffset} is inside the log, which starts at ${low}`);
    return to ?? low;
  }
  if (row.haltReason === 'POSITION_BEYOND_LOG_END') {
    if (to === undefined)
      throw refuse(`say with --to where to go on: an offset from before the log was cut, ${low} to ${high}`);
    return to;
  }
  if (to !== undefined && to <= row.nextOffset) throw refuse(`--to ${to} is not after the batch at ${row.nextOffset}`);
  if (row.nextOffset >= high)
    throw refuse(`its position ${row.nextOffset} is the end of the log: there is no batch to skip`);
  return to ?? (await findNextBatch(row.partition, row.nextOffset));
}

function describeMove(row: InputRow, nextOffset: bigint): string {
  const where = `partition ${row.partition} goes on at offset ${nextOffset}`;
  const count = nextOffset - row.nextOffset;
  if (count > 0n) return `${where}; SKIPPED FOR GOOD: offsets ${row.nextOffset} to ${nextOffset - 1n} (${count})`;
  return count < 0n
    ? `${where}; read again, without effect where known: ${nextOffset} to ${row.nextOffset - 1n}`
    : where;
}

const unchanged = (row: InputRow) => ({ row, topicId: row.topicId, nextOffset: row.nextOffset });

/** What to do about a halt of a partition, in one line. */
export function cureOf(haltReason: string): string {
  switch (haltReason) {
    case 'POSITION_BELOW_LOG_START':
      return 'accept-gap goes on at the first record that is left';
    case 'POSITION_BEYOND_LOG_END':
      return 'accept-gap --to OFFSET goes back to before the log was cut';
    case 'UNREADABLE_BATCH':
      return 'a newer release may read it; accept-gap skips the batch, resume tries it again';
    case 'TOPIC_RECREATED':
      return 'adopt reads the new topic from its first record';
    case 'TOO_MANY_BAD_RECORDS':
      return 'stop the producer, look at the dead letters, then resume';
    default:
      return 'docs/operations.md says what to do';
  }
}
