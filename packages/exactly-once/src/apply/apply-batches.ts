import type { ClientBase } from 'pg';
import type { Applied, Change, Projection } from '../projection';
import { advanceProgress, lockProgress } from '../sql/progress';
import { type NumberedRows, numberAndSave } from './number-and-save';
import type { PartitionBatch } from './partition-batch';

/** The steps of a transaction at which a crash is tested. The names are those of ARCHITECTURE.md. */
export type ApplyStep = 'B3_LOCKED' | 'B4_APPLIED' | 'B5_NUMBERED' | 'B6_ADVANCED' | 'B7_COMMITTED';

export interface ApplyContext<Event, C extends Change, Outcome> {
  readonly topic: string;
  readonly shardCount: number;
  readonly shardOf: (shardKey: string) => number;
  readonly projection: Projection<Event, C, Outcome>;
  /** Called after each step; a test stops, breaks or delays the process there. */
  readonly onStep?: ((step: ApplyStep, client: ClientBase) => void | Promise<void>) | undefined;
}

export interface AppliedBatches<Event, C extends Change, Outcome> extends NumberedRows<C> {
  /** Batches whose partition still was ours; empty when all were fenced, and then nothing was written. */
  readonly batches: readonly PartitionBatch<Event>[];
  readonly fenced: readonly PartitionBatch<Event>[];
  /** Absent when nothing was left to apply. */
  readonly applied: Applied<C, Outcome> | undefined;
}

/** COMMIT was sent and no answer came: the transaction may have committed or not. Only Postgres can say. */
export class AmbiguousCommitError<Result> extends Error {
  constructor(
    cause: unknown,
    /** What has been applied if it did commit. */
    readonly result: Result,
  ) {
    super('no answer to COMMIT', { cause });
    this.name = 'AmbiguousCommitError';
  }
}

/**
 * One transaction: fence, fold, number, advance, commit. At most one batch of each partition, in partition order.
 * @throws the store's error after ROLLBACK (nothing was written), or AmbiguousCommitError
 */
export async function applyBatches<Event, C extends Change, Outcome>(
  client: ClientBase,
  context: ApplyContext<Event, C, Outcome>,
  batches: readonly PartitionBatch<Event>[],
  attempt: number,
): Promise<AppliedBatches<Event, C, Outcome>> {
  let result: AppliedBatches<Event, C, Outcome>;
  await client.query('BEGIN');
  try {
    result = await writeBatches(client, context, batches, attempt);
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined); // a broken connection rolls back by itself
    throw error;
  }
  let command: string;
  try {
    ({ command } = await client.query('COMMIT'));
  } catch (error) {
    if (isServerAnswer(error)) throw error; // refused for sure, e.g. a deferred constraint
    throw new AmbiguousCommitError(error, result);
  }
  // So the server answers a COMMIT of a failed transaction, without an error: the projection has swallowed one. A bug,
  // and no doubt about the outcome: repeating it would go on for ever.
  if (command !== 'COMMIT') throw new Error(`COMMIT was answered with ${command}`);
  await context.onStep?.('B7_COMMITTED', client);
  return result;
}

const isServerAnswer = (error: unknown): boolean => {
  const code = (error as { code?: unknown }).code;
  // 08: connection exception, 57P: the server ends the connection. Both may come after the commit was made durable.
  const isSqlState = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && code !== 'EPIPE';
  return isSqlState && !code.startsWith('08') && !code.startsWith('57P');
};

async function writeBatches<Event, C extends Change, Outcome>(
  client: ClientBase,
  context: ApplyContext<Event, C, Outcome>,
  batches: readonly PartitionBatch<Event>[],
  attempt: number,
): Promise<AppliedBatches<Event, C, Outcome>> {
  const held = await lockProgress(client, context.topic, batches.map(expectation));
  const ours = batches.filter((batch) => held.has(batch.owned.partition));
  const fenced = batches.filter((batch) => !held.has(batch.owned.partition));
  await context.onStep?.('B3_LOCKED', client);
  if (ours.length === 0)
    return { batches: ours, fenced, applied: undefined, numbered: [], letters: [], ranges: new Map() };

  const undecodable = ours.flatMap((batch) => batch.rejected);
  const applied = await context.projection.apply(
    client,
    ours.flatMap((batch) => batch.events),
    attempt,
    undecodable,
  );
  await context.onStep?.('B4_APPLIED', client);

  const rejected = [...undecodable, ...applied.rejected];
  const { withheld } = applied;
  const letters = withheld === undefined ? rejected : rejected.filter((record) => !withheld.has(record));
  const rows = await numberAndSave(client, context, applied.changes, letters);
  await context.onStep?.('B5_NUMBERED', client);

  await advanceProgress(
    client,
    context.topic,
    ours.map(({ owned, nextOffset }) => ({ partition: owned.partition, nextOffset })),
  );
  await context.onStep?.('B6_ADVANCED', client);
  return { batches: ours, fenced, applied: { ...applied, rejected }, ...rows };
}

const expectation = ({ owned }: PartitionBatch<unknown>) => ({
  partition: owned.partition,
  epoch: owned.epoch,
  appliedOffset: owned.appliedOffset,
});
