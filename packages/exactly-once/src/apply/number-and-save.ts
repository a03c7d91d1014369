import type { ClientBase } from 'pg';
import type { Change, NumberedChange, NumberedRejection, Projection, Rejected } from '../projection';
import { advanceShards, insertDeadLetters, lockShards } from '../sql/outbox';

export interface NumberRange {
  readonly firstSeq: bigint;
  readonly lastSeq: bigint;
}

/** Rows of the outbox as one transaction numbered and stored them. */
export interface NumberedRows<C extends Change> {
  readonly numbered: readonly NumberedChange<C>[];
  /** The dead letters of the transaction; in each shard their numbers come after those of its changes. */
  readonly letters: readonly NumberedRejection[];
  /** The numbers used in each shard; those of dead letters are gaps among the changes. */
  readonly ranges: ReadonlyMap<number, NumberRange>;
}

export interface OutboxPlaces<C extends Change> {
  readonly shardCount: number;
  readonly shardOf: (shardKey: string) => number;
  readonly projection: Pick<Projection<never, C, unknown>, 'saveChanges'>;
}

/**
 * Numbers changes and dead letters and stores them, in the transaction of the client. Numbers are given under the shards' locks, so they have no gap
 * and follow commit order. These locks are the last that a transaction takes: whoever holds one waits for nothing but its COMMIT.
 */
export async function numberAndSave<C extends Change>(
  client: ClientBase,
  { shardOf, shardCount, projection }: OutboxPlaces<C>,
  changes: readonly C[],
  rejected: readonly Rejected[],
): Promise<NumberedRows<C>> {
  if (changes.length === 0 && rejected.length === 0) return { numbered: [], letters: [], ranges: new Map() };
  const placedChanges = changes.map((change) => ({ shard: shardOf(change.shardKey), change }));
  const placedRejections = rejected.map((r) => ({ shard: r.source.partition % shardCount, rejected: r }));
  const touched = new Set([...placedChanges, ...placedRejections].map((p) => p.shard));
  const { lastNumbers: before, recordedAtMs } = await lockShards(
    client,
    [...touched].sort((a, b) => a - b),
  );
  const lastNumbers = new Map(before);
  const nextNumber = (shard: number): bigint => {
    const seq = (lastNumbers.get(shard) ?? 0n) + 1n;
    lastNumbers.set(shard, seq);
    return seq;
  };
  const numbered = placedChanges.map(({ shard, change }) => ({ shard, seq: nextNumber(shard), recordedAtMs, change }));
  const letters: NumberedRejection[] = placedRejections.map((p) => ({ ...p, seq: nextNumber(p.shard), recordedAtMs }));
  if (numbered.length > 0) await projection.saveChanges(client, numbered);
  if (letters.length > 0) await insertDeadLetters(client, letters);
  await advanceShards(client, lastNumbers);
  const ranges = new Map(
    [...lastNumbers].map(([shard, lastSeq]) => [shard, { firstSeq: (before.get(shard) ?? 0n) + 1n, lastSeq }]),
  );
  return { numbered, letters, ranges };
}
