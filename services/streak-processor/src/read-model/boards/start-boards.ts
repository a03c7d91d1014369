import { randomUUID } from 'node:crypto';
import { systemClock } from '@streaks/shared/lifecycle/clock';
import type { ServiceResources } from '@streaks/shared/lifecycle/run-service';
import type { Logger } from '@streaks/shared/observability/create-logger';
import { createCatchUp } from '@streaks/shared/redis/boards/board-marks';
import { createBoardUpkeep } from '@streaks/shared/redis/boards/board-upkeep';
import { type BoardWriter, createBoardWriter } from '@streaks/shared/redis/boards/board-writer';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { Counter, Gauge, type Registry } from 'prom-client';
import { keepBoards, keepBoardsAway } from './keep-boards';
import { keepPlaces } from './keep-places';

export interface StartBoardsOptions {
  readonly redis: Redis;
  readonly keyPrefix: string;
  /** LEADERBOARDS. */
  readonly isOn: boolean;
  readonly pool: Pool;
  readonly logger: Logger;
  readonly registry: Registry;
}

/** Keeps the boards until the service stops. Returns what the streak store fills those in Redis with; undefined: there are none. */
export function startBoards(resources: ServiceResources, options: StartBoardsOptions): BoardWriter | undefined {
  const { redis, keyPrefix, isOn, pool, logger, registry } = options;
  startPlaces(resources, { pool, logger, registry });
  const upkeep = createBoardUpkeep(redis, keyPrefix);
  if (!isOn) {
    const kept = keepBoardsAway(upkeep, logger);
    resources.defer('boards', () => kept.stop());
    return undefined;
  }
  const writer = createBoardWriter({ redis, keyPrefix, clock: systemClock });
  const catchUp = createCatchUp({ redis, keyPrefix, writer });
  const ranked = new Counter({
    registers: [registry],
    name: 'streaks_processor_board_users_total',
    help: 'Users brought up to date on the leaderboards in Redis. Of all processors one does this at a time.',
  });
  new Gauge({
    registers: [registry],
    name: 'streaks_processor_board_users_waiting',
    help: 'Users whose streak is newer than their place on the leaderboards. Grows while much is projected; must fall to 0 afterwards.',
    async collect() {
      if (redis.status === 'ready') this.set(await catchUp.waiting().catch(() => Number.NaN));
    },
  });
  const kept = keepBoards({
    catchUp,
    upkeep,
    owner: randomUUID(),
    clock: systemClock,
    monotonicMs: () => performance.now(),
    logger,
    onRanked: (users) => ranked.inc(users),
  });
  resources.defer('boards', () => kept.stop());
  return writer;
}

/** The boards in Postgres, which are there whatever Redis has. */
function startPlaces(
  resources: ServiceResources,
  { pool, logger, registry }: Pick<StartBoardsOptions, 'pool' | 'logger' | 'registry'>,
): void {
  const placed = new Counter({
    registers: [registry],
    name: 'streaks_processor_board_places_total',
    help: 'Users brought up to date on the leaderboards in Postgres. Of all processors one does this at a time.',
  });
  const kept = keepPlaces({
    pool,
    monotonicMs: () => performance.now(),
    logger,
    onPlaced: (users) => placed.inc(users),
  });
  resources.defer('board places', () => kept.stop());
}
