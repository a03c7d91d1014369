import type { Pool } from 'pg';
import type { Applied, Change, NumberedChange, Projection, Sink, Transaction } from '../projection';

/** The smallest projection with everything in it: adds numbers per key, and counts each key's changes. */
export interface CounterEvent {
  readonly id: string;
  readonly key: string;
  readonly amount: number;
}

export interface CounterChange extends Change {
  readonly total: number;
  readonly version: number;
}

const TABLES = `
  CREATE TABLE counted_events (id text NOT NULL);
  CREATE TABLE counters (key text COLLATE "C" PRIMARY KEY, total bigint NOT NULL CHECK (total < 1000000), version bigint NOT NULL);
  CREATE TABLE counter_outbox (shard int, seq bigint, key text, total bigint, version bigint, PRIMARY KEY (shard, seq));`;

export async function createCounterTables(pool: Pool): Promise<void> {
  await pool.query(TABLES);
}

/** Not idempotent on purpose: a record applied twice is counted twice, so that every repeat shows. */
export function createCounterProjection(): Projection<CounterEvent, CounterChange, number> & {
  committedEvents: () => number;
} {
  let committed = 0;
  return {
    async decode(records) {
      return records.map((record) => {
        try {
          return { kind: 'event', event: JSON.parse(String(record.value)) as CounterEvent };
        } catch {
          return { kind: 'rejected', rejection: { reason: 'NOT_JSON', detail: String(record.value) } };
        }
      });
    },
    async apply(transaction, records): Promise<Applied<CounterChange, number>> {
      const events = [...records].sort((a, b) => Buffer.compare(Buffer.from(a.event.key), Buffer.from(b.event.key)));
      const changes: CounterChange[] = [];
      for (const { event } of events) changes.push(await applyOne(transaction, event));
      return { changes, rejected: [], outcome: records.length };
    },
    async saveChanges(transaction, changes) {
      for (const { shard, seq, change } of changes) {
        await transaction.query('INSERT INTO counter_outbox VALUES ($1, $2, $3, $4, $5)', [
          shard,
          seq.toString(),
          change.shardKey,
          change.total,
          change.version,
        ]);
      }
    },
    committed: ({ outcome }) => {
      committed += outcome;
    },
    committedEvents: () => committed,
  };
}

async function applyOne(transaction: Transaction, { id, key, amount }: CounterEvent): Promise<CounterChange> {
  await transaction.query('INSERT INTO counted_events VALUES ($1)', [id]);
  const { rows } = await transaction.query<{ total: string; version: string }>(
    `INSERT INTO counters VALUES ($1, $2, 1)
     ON CONFLICT (key) DO UPDATE SET total = counters.total + excluded.total, version = counters.version + 1
     RETURNING total, version`,
    [key, amount],
  );
  return { shardKey: key, total: Number(rows[0]?.total), version: Number(rows[0]?.version) };
}

export interface RecordingSink extends Sink<CounterChange> {
  readonly received: NumberedChange<CounterChange>[];
  fail: boolean;
}

/** Remembers what it was given, and can be away. */
export function createRecordingSink(pool: Pool): RecordingSink {
  const received: NumberedChange<CounterChange>[] = [];
  const sink: RecordingSink = {
    received,
    fail: false,
    async write(changes) {
      if (sink.fail) throw new Error('the sink is away');
      received.push(...changes);
    },
    async writeBacklog(shard, afterSeq, limit) {
      if (sink.fail) throw new Error('the sink is away');
      const { rows } = await pool.query<{ seq: string; key: string; total: string; version: string }>(
        'SELECT seq, key, total, version FROM counter_outbox WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3',
        [shard, afterSeq.toString(), limit],
      );
      const changes = rows.map((row) => ({
        shard,
        seq: BigInt(row.seq),
        recordedAtMs: 0, // not kept in this table
        change: { shardKey: row.key, total: Number(row.total), version: Number(row.version) },
      }));
      received.push(...changes);
      return { rows: changes.length, lastSeq: changes.at(-1)?.seq ?? afterSeq };
    },
  };
  return sink;
}
