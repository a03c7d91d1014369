import type { ClientBase } from 'pg';
import type { Change } from '../projection';
import { AmbiguousCommitError, type AppliedBatches, type ApplyContext, applyBatches } from './apply-batches';
import type { LaneConnection } from './lane-connection';
import { halve, type PartitionBatch, recordCount } from './partition-batch';
import { settleCommit } from './settle-commit';

/** What an error of the store asks for. */
export type StoreErrorKind = 'retry-now' | 'unavailable' | 'data' | 'bug';

export interface ReliableApplyOptions<Event, C extends Change, Outcome> {
  readonly context: ApplyContext<Event, C, Outcome>;
  readonly connection: LaneConnection;
  readonly classify: (error: unknown) => StoreErrorKind;
  readonly wait: (ms: number) => Promise<void>;
  readonly jitter: () => number;
  readonly onRetry: (kind: 'retry-now' | 'unavailable', error: unknown) => void;
  readonly onAmbiguousCommit: (outcome: 'committed' | 'not-committed' | 'lost') => void;
  /** Called once for each committed transaction. */
  readonly onCommitted: (result: AppliedBatches<Event, C, Outcome>) => void;
  readonly onFenced: (batches: readonly PartitionBatch<Event>[]) => void;
}

const MAX_BACKOFF_MS = 1_000;
/** A conflict that repeats this often is no race; it is waited out like a store that is away. */
const QUICK_RETRIES = 10;

export type ApplyReliably<Event> = (batches: readonly PartitionBatch<Event>[]) => Promise<void>;

/**
 * Applies batches until each is committed or no longer ours. Returns only then; throws only for a bug.
 * Records that the store refuses for what they are become dead letters, alone.
 */
export function createReliableApply<Event, C extends Change, Outcome>(
  options: ReliableApplyOptions<Event, C, Outcome>,
): ApplyReliably<Event> {
  const { context, connection } = options;

  const finish = (result: AppliedBatches<Event, C, Outcome>) => {
    for (const { owned, nextOffset } of result.batches) owned.appliedOffset = nextOffset;
    if (result.fenced.length > 0) options.onFenced(result.fenced);
    if (result.applied) options.onCommitted(result);
  };

  /** Asks until Postgres answers; a `committed` answer is finished here. Once nothing is ours, the answer is a successor's to find. */
  const settle = async (lost: AmbiguousCommitError<AppliedBatches<Event, C, Outcome>>): Promise<boolean> => {
    for (let failures = 0; lost.result.batches.some((batch) => batch.owned.isCurrent); failures++) {
      try {
        const client = await connection.get();
        const settled = await settleUnderLock(client, context.topic, lost.result.batches);
        options.onAmbiguousCommit(settled);
        if (settled === 'committed') finish(lost.result);
        if (settled === 'lost') options.onFenced(lost.result.batches);
        return settled === 'not-committed';
      } catch (error) {
        await connection.discard();
        options.onRetry('unavailable', error);
        await options.wait(backoffMs(failures, options.jitter));
      }
    }
    return false;
  };

  const apply: ApplyReliably<Event> = async (batches) => {
    for (let attempt = 0, failures = 0; ; ) {
      const current = batches.filter((batch) => batch.owned.isCurrent);
      if (current.length === 0) return;
      try {
        finish(await applyBatches(await connection.get(), context, current, attempt));
        return;
      } catch (error) {
        if (error instanceof AmbiguousCommitError) {
          await connection.discard();
          if (!(await settle(error))) return;
          continue;
        }
        const kind = options.classify(error);
        if (kind === 'data') return splitUp(current, error);
        if (kind === 'bug') {
          await connection.discard();
          throw error;
        }
        if (kind === 'unavailable') await connection.discard();
        else attempt++;
        options.onRetry(kind, error);
        failures++;
        const isQuick = kind === 'retry-now' && failures <= QUICK_RETRIES;
        await options.wait(isQuick ? options.jitter() * 10 * failures : backoffMs(failures, options.jitter));
      }
    }
  };

  /** Only the data can cause this error: each partition alone, then halves, down to the record at fault. */
  const splitUp = async (batches: readonly PartitionBatch<Event>[], error: unknown): Promise<void> => {
    const [only] = batches;
    if (batches.length > 1) {
      for (const batch of batches) await apply([batch]);
    } else if (only && recordCount(only) > 1) {
      for (const half of halve(only)) await apply([half]);
    } else if (only && only.events.length === 1) {
      await apply([refuse(only, error)]);
    } else {
      throw error; // a dead letter that cannot be stored, or no record at all: not the data's fault
    }
  };

  return apply;
}

/** Under a lock in a transaction of its own, so that a COMMIT still on its way is waited for. */
async function settleUnderLock(client: ClientBase, topic: string, batches: readonly PartitionBatch<unknown>[]) {
  await client.query('BEGIN');
  const settled = await settleCommit(client, topic, batches);
  await client.query('ROLLBACK');
  return settled;
}

function refuse<Event>(batch: PartitionBatch<Event>, error: unknown): PartitionBatch<Event> {
  const { code, message } = error as { code?: string; message?: string };
  const rejection = { reason: 'REFUSED_BY_STORE', detail: `${code ?? 'unknown'}: ${message ?? String(error)}` };
  return { ...batch, events: [], rejected: batch.events.map(({ source }) => ({ source, rejection })) };
}

const backoffMs = (failures: number, jitter: () => number): number =>
  Math.min(MAX_BACKOFF_MS, 50 * 2 ** Math.min(failures, 6)) * (0.5 + jitter() / 2);
