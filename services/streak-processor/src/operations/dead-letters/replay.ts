import {
  KafkaUnavailableError,
  RecordRefusedError,
  type ReliableProducer,
} from '@streaks/shared/kafka/producer/reliable-producer';
import type { Pool } from 'pg';
import { inTransaction } from '../command-line/in-transaction';
import { writeAudit } from '../command-line/write-audit';
import { type DeadLetter, describePosition } from './dead-letter';
import { type PageLimits, readPages } from './read-pages';
import { type Condition, conditionOf, type Selection } from './selection';
import { toRecord } from './to-record';

export interface ReplayPorts {
  readonly pool: Pool;
  /** The topic as it is now, and a producer to it. @throws when there is no such topic */
  readonly openTopic: (topic: string) => Promise<{ readonly topicId: string; readonly producer: ReliableProducer }>;
  readonly limits: PageLimits;
  /** After each page. */
  readonly onProgress: (sofar: ReplayResult) => void;
}

export interface ReplayRequested {
  readonly selection: Selection;
  readonly again: boolean;
  readonly limit: number | undefined;
  readonly actor: string;
}

export interface ReplayResult {
  readonly replayed: number;
  /** Positions that Kafka does not take again, with the reason. */
  readonly refused: readonly string[];
}

interface Sent {
  readonly letter: DeadLetter;
  readonly topicId: string;
  readonly partition: number;
  readonly offset: bigint;
}

/**
 * Which dead letters a replay takes. Those replayed before are left out, and so are those that came from a replay: the same
 * garbage would come back with each run. `again` takes them too, but of a record that was rejected again only its newest
 * dead letter: its number must not double with each run.
 */
export function replayable(selection: Selection, again: boolean): Condition {
  const { text, values } = conditionOf(selection);
  const also = again
    ? `NOT EXISTS (SELECT FROM dead_letters n WHERE n.topic_id = d.replayed_topic_id AND n.partition = d.replayed_partition
         AND n."offset" = d.replayed_offset)`
    : selection.offset !== undefined // one that is named is meant, whatever it came from
      ? `d.status = 'new'`
      : `d.status = 'new' AND NOT d.headers ? 'x-replayed-from'`;
  return { text: `${text} AND ${also}`, values };
}

export async function countReplayable(pool: Pool, selection: Selection, again: boolean): Promise<number> {
  const { text, values } = replayable(selection, again);
  const { rows } = await pool.query<{ count: string }>(`SELECT count(*) AS count FROM dead_letters d WHERE ${text}`, [
    ...values,
  ]);
  return Number(rows[0]?.count ?? 0);
}

/**
 * Publishes the original bytes again, page by page, and marks each page once Kafka has acknowledged it. Between the two lies
 * the moment in which an end of this process has the page sent twice; a session that is there already changes nothing.
 * @throws KafkaUnavailableError once what was acknowledged is marked: run it again, it goes on there
 */
export async function replayDeadLetters(ports: ReplayPorts, request: ReplayRequested): Promise<ReplayResult> {
  // What this run itself causes to be rejected again must not come to its own hands.
  const startedBefore = await readTime(ports.pool);
  const { text, values } = replayable(request.selection, request.again);
  const condition = {
    text: `${text} AND d.first_seen <= $${values.length + 1} AND (d.replayed_at IS NULL OR d.replayed_at <= $${values.length + 1})`,
    values: [...values, startedBefore],
  };
  const refused: string[] = [];
  let replayed = 0;
  let left = request.limit ?? Number.POSITIVE_INFINITY;
  for await (const page of readPages(ports.pool, condition, ports.limits)) {
    const letters = page.slice(0, left);
    const { sent, failures } = await sendPage(ports, letters);
    if (sent.length > 0) await markReplayed(ports.pool, sent, request);
    replayed += sent.length;
    left -= letters.length;
    for (const { letter, error } of failures) {
      if (!(error instanceof RecordRefusedError)) throw error;
      refused.push(`${describePosition(letter)}: ${error.message}`);
    }
    ports.onProgress({ replayed, refused });
    if (left <= 0) break;
  }
  return { replayed, refused };
}

async function sendPage({ openTopic }: ReplayPorts, letters: readonly DeadLetter[]) {
  const sent: Sent[] = [];
  const failures: { letter: DeadLetter; error: unknown }[] = [];
  await Promise.all(
    letters.map(async (letter) => {
      try {
        const { topicId, producer } = await openTopic(letter.topic);
        sent.push({ letter, topicId, ...(await producer.send(toRecord(letter))) });
      } catch (error) {
        failures.push({ letter, error });
      }
    }),
  );
  // Being away is told last: what was refused would hide behind it.
  failures.sort(
    (a, b) => Number(a.error instanceof KafkaUnavailableError) - Number(b.error instanceof KafkaUnavailableError),
  );
  return { sent, failures };
}

async function markReplayed(
  pool: Pool,
  sent: readonly Sent[],
  { actor, selection, again }: ReplayRequested,
): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query(
      `UPDATE dead_letters d SET status = 'replayed', replayed_at = clock_timestamp(), replayed_topic_id = s.replayed_topic_id,
         replayed_partition = s.replayed_partition, replayed_offset = s.replayed_offset
       FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::uuid[], $5::int[], $6::bigint[])
         AS s(topic_id, partition, "offset", replayed_topic_id, replayed_partition, replayed_offset)
       WHERE d.topic_id = s.topic_id AND d.partition = s.partition AND d."offset" = s."offset"`,
      [
        sent.map(({ letter }) => letter.topicId),
        sent.map(({ letter }) => letter.partition),
        sent.map(({ letter }) => String(letter.offset)),
        sent.map(({ topicId }) => topicId),
        sent.map(({ partition }) => partition),
        sent.map(({ offset }) => (offset < 0n ? null : String(offset))),
      ],
    );
    const rows = sent.map(({ letter, partition, offset }) => ({
      from: describePosition(letter),
      to: describePosition({ topic: letter.topic, partition, offset }),
    }));
    await writeAudit(client, {
      actor,
      command: 'dead-letters replay',
      arguments: { ...selection, again },
      before: rows.map(({ from }) => from),
      after: rows.map(({ to }) => to),
    });
  });
}

async function readTime(pool: Pool): Promise<string> {
  // As text: a Date would lose the microseconds, and with them rows of this very millisecond.
  const { rows } = await pool.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  const [row] = rows;
  if (row === undefined) throw new Error('Postgres did not tell the time');
  return row.now;
}
