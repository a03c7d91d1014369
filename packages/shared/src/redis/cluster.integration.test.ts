import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveCacheFolder } from '@streaks/local-stack/artifacts/cache-folder';
import { findFreePorts } from '@streaks/local-stack/processes/free-ports';
import { createServerProcess, type ServerProcess } from '@streaks/local-stack/processes/server-process';
import { prepareRedis } from '@streaks/local-stack/servers/redis';
import { waitFor } from '@streaks/testing/wait-for';
import type { Redis } from 'ioredis';
import type { LocalDay } from '../domain/calendar/local-day';
import { RULE_IDS } from '../domain/rules';
import { createCatchUp } from './boards/board-marks';
import { createBoardReader } from './boards/board-reader';
import { createBoardUpkeep } from './boards/board-upkeep';
import { createBoardWriter } from './boards/board-writer';
import { closeRedis, createRedis, waitForRedis } from './create-redis';
import { createStreakStore } from './streaks/create-streak-store';
import { refillStreakStore } from './streaks/refill-streak-store';
import type { StreakWrite } from './streaks/streak-store';

const keyPrefix = 'streaks:';
const NOON_MS = Date.parse('2025-01-15T12:00:00Z');
const SLOTS = 16_384;

let dir: string;
let server: ServerProcess;
let redis: Redis;

/** A cluster of one node: it has all slots, and refuses what touches two of them, as any cluster does. */
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'streaks-cluster-'));
  mkdirSync(join(dir, 'logs'));
  const [port = 0] = await findFreePorts(1, Math.random);
  const cacheFolder = resolveCacheFolder(process.env, homedir());
  const spec = await prepareRedis({ dir, cacheFolder, env: process.env, onProgress: () => undefined }, port);
  const args = [...spec.args, '--cluster-enabled', 'yes'];
  server = createServerProcess({ ...spec, args }, { onSpawn: () => undefined, onExit: () => undefined });
  await server.start();
  redis = createRedis({ url: `redis://127.0.0.1:${port}`, name: 'cluster-test', onOutage: () => undefined });
  expect(await waitForRedis(redis, 5_000)).toBe(true);
  await redis.cluster('ADDSLOTS', ...Array.from({ length: SLOTS }, (_, slot) => slot));
  await waitFor(async () => (await redis.cluster('INFO')).includes('cluster_state:ok'), { description: 'the cluster' });
}, 120_000);

afterAll(async () => {
  await closeRedis(redis);
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
}, 30_000);

const writes = Array.from({ length: 300 }, (_, index): StreakWrite => {
  const runs = [{ first: (20_103 - (index % 7)) as LocalDay, length: 1 + (index % 7) }];
  const state = { runs, timezone: 'UTC', version: 1, updatedAtMs: NOON_MS };
  return { userId: `user-${index}`, ruleId: RULE_IDS[index % 2] ?? 'focus', generation: 1n, state };
});
const focusUsers = writes.flatMap(({ ruleId, userId }) => (ruleId === 'focus' ? [userId] : []));

it('is a cluster: it refuses what touches two slots', async () => {
  await expect(redis.mget('a', 'b')).rejects.toThrow('CROSSSLOT');
});

it('writes, marks, ranks, fills and reads on a cluster, no command of two slots', async () => {
  const writer = createBoardWriter({ redis, keyPrefix, clock: { nowMs: () => NOON_MS } });
  const store = createStreakStore({ redis, keyPrefix, isCluster: true, boards: writer });
  const catchUp = createCatchUp({ redis, keyPrefix, writer });
  const boards = createBoardReader({ redis, keyPrefix });
  async function* pages() {
    yield writes.slice(0, 100);
  }
  const refilled = await refillStreakStore({ store, pages: pages(), generation: 1n, fillId: 'fill' });
  expect(refilled).toMatchObject({ rows: 100, isFilled: true });
  expect(await store.writeAll(writes)).toEqual({ written: 200, stale: 0 });
  expect(await catchUp.waiting()).toBe(300);
  while ((await catchUp.run(20)).settled > 0);
  const page = await boards.page('focus', 'current', { offset: 0, limit: 5 }, NOON_MS);
  expect(page).toMatchObject({ total: 150, entries: [{ latestStreak: 7 }, {}, {}, {}, {}] });
  const around = await boards.around('activity', 'qualified', { userId: 'user-1', limit: 3 }, NOON_MS);
  expect(around?.entries.map(({ userId }) => userId)).toContain('user-1');
  const found = await store.readMany(focusUsers, 'focus');
  expect(found.every(({ isFilled, lookup }) => isFilled && lookup.kind === 'found')).toBe(true);
  expect((await store.read('user-0', RULE_IDS)).lookups.map(({ kind }) => kind)).toEqual(['found', 'miss']);
  const upkeep = createBoardUpkeep(redis, keyPrefix);
  expect(await upkeep.trim(NOON_MS + 3 * 86_400_000)).toBe(300);
  expect([await upkeep.lease('me', 5_000), await upkeep.lease('other', 5_000)]).toEqual([true, false]);
  expect(await upkeep.lease('me', 5_000)).toBe(true);
  await store.writeAll(writes);
  await upkeep.removeAll();
  expect(await redis.keys('*board*')).toEqual([`${keyPrefix}boards:keeper`]);
  expect(await catchUp.waiting()).toBe(0);
});
