import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@streaks/shared/lifecycle/clock';
import type { Logger } from '@streaks/shared/observability/create-logger';
import type { CatchUp } from '@streaks/shared/redis/boards/board-marks';
import type { BoardUpkeep } from '@streaks/shared/redis/boards/board-upkeep';

export interface KeepBoardsOptions {
  readonly catchUp: CatchUp;
  readonly upkeep: BoardUpkeep;
  /** Different in each process: one of them keeps the boards. */
  readonly owner: string;
  readonly clock: Clock;
  readonly monotonicMs: () => number;
  readonly logger: Logger;
  /** Told of users ranked anew. */
  readonly onRanked: (users: number) => void;
}

export interface KeptBoards {
  stop(): Promise<void>;
}

/** A round of all buckets takes some 30 ms when each has so many. */
const USERS_PER_BUCKET = 20;
const LEASE_MS = 5_000;
const POLL_MS = 100;
const AWAY_MS = 1_000;
const TRIM_EVERY_MS = 1_000;
/** Milliseconds to rest for each one worked: while states are being written they come first. */
const REST_WHILE_BUSY = 15;
const REST_WHILE_QUIET = 1;

/**
 * Brings the boards in Redis up to the states, a moment after each change. It takes a small share of the time while there is
 * much to project, so the boards may be behind then, and catches up afterwards. Of all processors one does this.
 */
export function keepBoards(options: KeepBoardsOptions): KeptBoards {
  const { catchUp, upkeep, owner, clock, monotonicMs, logger, onRanked } = options;
  const stopping = new AbortController();
  let trimmedAtMs = Number.NEGATIVE_INFINITY;

  /** Resolves to the milliseconds to rest. */
  async function work(): Promise<number> {
    if (!(await upkeep.lease(owner, LEASE_MS))) return AWAY_MS;
    const startedMs = monotonicMs();
    const { settled, isBusy } = await catchUp.run(USERS_PER_BUCKET);
    if (settled > 0) onRanked(settled);
    let trimmed = 0;
    if (startedMs - trimmedAtMs >= TRIM_EVERY_MS) {
      trimmed = await upkeep.trim(clock.nowMs());
      if (trimmed === 0) trimmedAtMs = startedMs;
    }
    const restMs = (monotonicMs() - startedMs) * (isBusy ? REST_WHILE_BUSY : REST_WHILE_QUIET);
    return settled + trimmed === 0 ? Math.max(restMs, POLL_MS) : Math.min(restMs, LEASE_MS / 2);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const restMs = await work().catch((error: unknown) => {
        logger.debug({ err: error }, 'boards_not_kept');
        return AWAY_MS;
      });
      await delay(restMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** For an installation without boards: what an earlier start left would be read as if it were kept. */
export function keepBoardsAway(upkeep: BoardUpkeep, logger: Logger): KeptBoards {
  const remove = () =>
    void upkeep.removeAll().catch((error: unknown) => logger.debug({ err: error }, 'boards_not_removed'));
  const timer = setInterval(remove, AWAY_MS);
  remove();
  return {
    async stop() {
      clearInterval(timer);
    },
  };
}
