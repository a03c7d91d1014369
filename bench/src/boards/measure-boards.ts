import { FOCUS_RULE } from '@streaks/shared/domain/rules';
import { boardKeys } from '@streaks/shared/redis/boards/board-keys';
import { closeRedis, createRedis, waitForRedis } from '@streaks/shared/redis/create-redis';
import { uniqueName } from '@streaks/testing/fresh-topic';
import { spawnService } from '@streaks/testing/spawn-service';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import { createTestDatabase } from '@streaks/testing/test-database';
import type { BenchContext } from '../bench-context';
import { type BoardCosts, finalPages, measureBoardCosts } from './board-costs';
import { type BoardReads, compareStores, getJson, measureBoardReads } from './board-reads';
import { fillPostgres } from './fill-postgres';

export interface BoardsResult {
  readonly users: number;
  readonly costs: BoardCosts;
  /** Streaks that had broken when the current board was read first, and how long that read took. */
  readonly massExpiry: { readonly broken: number; readonly ms: number };
  readonly fromRedis: readonly BoardReads[];
  readonly fromPostgres: readonly BoardReads[];
  /** The first answer from Postgres: it counts the board. */
  readonly outlineMs: number;
}

export interface MeasureBoardsOptions {
  readonly users: number;
  readonly nowMs: number;
}

const BOARDS = ['qualified', 'current'];
const COMMAND_TIMEOUT_MS = 60_000;
/** Where nothing listens. */
const NO_REDIS = 'redis://127.0.0.1:1';

/** Leaderboards of many users: what they cost to write and to keep, and how fast they are read from either store. */
export async function measureBoards(options: MeasureBoardsOptions, context: BenchContext): Promise<BoardsResult> {
  const { users, nowMs } = options;
  const addresses = stackAddresses();
  const keyPrefix = `${uniqueName('boards')}:`;
  const database = await createTestDatabase({ adminUrl: addresses.DATABASE_URL });
  const redis = createRedis({
    url: addresses.REDIS_URL,
    name: 'bench-boards',
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    onOutage: () => undefined,
  });
  const env = {
    ...addresses,
    ...context.serviceEnv,
    LOG_LEVEL: 'warn',
    DATABASE_URL: database.url,
    REDIS_KEY_PREFIX: keyPrefix,
  };
  const patient = { REDIS_TIMEOUT_MS: String(COMMAND_TIMEOUT_MS), DATABASE_TIMEOUT_MS: String(COMMAND_TIMEOUT_MS) };
  try {
    await waitForRedis(redis, COMMAND_TIMEOUT_MS);
    const costs = await measureBoardCosts({ redis, keyPrefix, users, nowMs });
    await fillPostgres(database.pool, finalPages(users, nowMs));
    const onRedis = await spawnService({ name: 'query-api', env: { ...env, ...patient } });
    const onPostgres = await spawnService({ name: 'query-api', env: { ...env, REDIS_URL: NO_REDIS } });
    try {
      const broken = await redis.zcount(boardKeys(keyPrefix, FOCUS_RULE).expiry, '-inf', nowMs);
      const massExpiry = { broken, ms: await timeOf(() => getJson(`${onRedis.url}/leaderboard?board=current`)) };
      const outlineMs = await timeOf(() => getJson(`${onPostgres.url}/leaderboard`));
      await compareStores(onRedis.url, onPostgres.url, users);
      const fromRedis: BoardReads[] = [];
      const fromPostgres: BoardReads[] = [];
      for (const board of BOARDS) {
        fromRedis.push(await measureBoardReads(onRedis.url, board, users));
        fromPostgres.push(await measureBoardReads(onPostgres.url, board, users));
      }
      return { users, costs, massExpiry, fromRedis, fromPostgres, outlineMs };
    } finally {
      await Promise.all([onRedis.stop(), onPostgres.stop()]);
    }
  } finally {
    for await (const keys of redis.scanStream({ match: `${keyPrefix}*`, count: 1_000 })) {
      if (keys.length > 0) await redis.unlink(...keys);
    }
    await closeRedis(redis);
    await database.drop();
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
