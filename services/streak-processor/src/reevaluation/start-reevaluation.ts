import { setTimeout as delay } from 'node:timers/promises';
import { createAlarm } from '@streaks/exactly-once/alarm';
import type { StoreErrorKind } from '@streaks/exactly-once/apply/apply-reliably';
import type { NumberedRows } from '@streaks/exactly-once/apply/number-and-save';
import type { EngineLog } from '@streaks/exactly-once/engine-options';
import type { Pool, PoolClient } from 'pg';
import type { StreakChange } from '../projections/streaks/streak-change';
import { type EvaluatePageOptions, evaluatePage, PageFailedError } from './evaluate-page';
import { countJobs } from './jobs';

export interface ReevaluationOptions extends EvaluatePageOptions {
  /** Of connections whose locks end when their process stands still; one is used. */
  readonly pool: Pool;
  readonly classifyStoreError: (error: unknown) => StoreErrorKind;
  /** Rows of the outbox that a page has committed. */
  readonly onCommitted: (page: { readonly members: number; readonly rows: NumberedRows<StreakChange> }) => void;
  /** Jobs that wait, of all processors. */
  readonly onWaiting: (jobs: number) => void;
  readonly onFailed: (kind: StoreErrorKind) => void;
  readonly log: EngineLog;
  readonly nowMs: () => number;
  readonly random: () => number;
}

export interface RunningReevaluation {
  /** There may be a job: it need not be found by looking. */
  wake(): void;
  /** Ends after the page at hand, at the deadline without it: it is done again by another. */
  stop(deadlineMs: number): Promise<void>;
}

/** Jobs of organisations whose events another process applies are found by looking. */
const IDLE_MS = 2_000;
const RETRY_MS = 1_000;
/** At most: after a conflict, with jitter. */
const CONFLICT_RETRY_MS = 50;
/** A job whose page failed for what is in it is put aside for so long. */
const PUT_ASIDE_MS = 60_000;

/**
 * Works the jobs of changed organisations, page by page, until it is stopped. Between two pages it rests for as long as the
 * last one took: appliers, who wait for the buckets of a page, have at least half of the time.
 */
export function startReevaluation(options: ReevaluationOptions): RunningReevaluation {
  const { pool, log, nowMs } = options;
  const alarm = createAlarm();
  const putAside = new Map<string, number>();
  let client: PoolClient | undefined;
  let isStopping = false;

  const connect = async (): Promise<PoolClient> => {
    const fresh = await pool.connect();
    fresh.on('error', onLost); // without a listener a lost connection would end the process
    return fresh;
  };
  const onLost = (error: Error) => log.warn({ err: error }, 'reevaluation_connection_lost');
  const discard = () => {
    client?.release(true);
    client = undefined;
  };

  const asideNow = (): readonly string[] => {
    for (const [id, untilMs] of putAside) if (untilMs <= nowMs()) putAside.delete(id);
    return [...putAside.keys()];
  };

  /** Returns how long to rest. @throws when the page failed */
  const workOnce = async (): Promise<number> => {
    client ??= await connect();
    if (isStopping) return 0; // it may have taken long
    const startedMs = nowMs();
    const page = await evaluatePage(client, options, asideNow());
    options.onWaiting(await countJobs(client));
    if (page.kind === 'idle') return IDLE_MS;
    options.onCommitted(page);
    return nowMs() - startedMs;
  };

  const failed = (error: unknown): number => {
    const cause = error instanceof PageFailedError ? error.cause : error;
    const kind = options.classifyStoreError(cause);
    options.onFailed(kind);
    log.warn({ kind, err: error }, 'reevaluation_failed');
    if (kind !== 'retry-now') discard();
    // What neither a repeat nor waiting for Postgres cures must not keep the jobs of other organisations.
    if ((kind === 'data' || kind === 'bug') && error instanceof PageFailedError) {
      putAside.set(error.jobId, nowMs() + PUT_ASIDE_MS);
    }
    return kind === 'retry-now' ? CONFLICT_RETRY_MS * options.random() : RETRY_MS;
  };

  const loop = async (): Promise<void> => {
    while (!isStopping) {
      const restMs = await workOnce().catch(failed);
      if (!isStopping) await alarm.wait(restMs);
    }
  };
  const running = loop().finally(discard);

  return {
    wake: () => alarm.ring(),
    async stop(deadlineMs) {
      isStopping = true;
      alarm.ring();
      const deadline = new AbortController();
      await Promise.race([
        running,
        delay(deadlineMs, undefined, { signal: deadline.signal, ref: false }).catch(() => undefined),
      ]);
      deadline.abort();
      discard(); // a page that hangs ends with its connection
    },
  };
}
