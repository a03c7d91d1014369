import { randomUUID } from 'node:crypto';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import type { Redis } from 'ioredis';
import type { LocalDay } from '../../domain/calendar/local-day';
import type { StreakState } from '../../domain/streaks/streak-state';
import { closeRedis, createRedis, waitForRedis } from '../create-redis';
import { createStreakStore } from '../streaks/create-streak-store';
import { refillStreakStore } from '../streaks/refill-streak-store';
import { bucketOf, markedKey, takenKey } from '../streaks/streak-keys';
import type { StreakWrite } from '../streaks/streak-store';
import { boardKeys } from './board-keys';
import { createCatchUp } from './board-marks';
import { createBoardReader } from './board-reader';
import { createBoardWriter } from './board-writer';
import { describeBoards } from './boards.contract.test';
import { NOON_MS, TODAY } from './testing/ranked-users';

// What takes a second here takes many on a machine that is busy.
jest.setTimeout(30_000);

const keyPrefix = `test-${randomUUID()}-é:`;
const DAY_MS = 86_400_000;
const FIRST = { offset: 0, limit: 10 };
let redis: Redis;

async function removeOwnKeys(): Promise<void> {
  const keys = await redis.keys(`${keyPrefix}*`);
  if (keys.length > 0) await redis.del(...keys);
}

function openBoards() {
  const writer = createBoardWriter({ redis, keyPrefix });
  const store = createStreakStore({ redis, keyPrefix, boards: writer });
  const marks = createCatchUp({ redis, keyPrefix, writer });
  const boards = createBoardReader({ redis, keyPrefix });
  async function catchUp(): Promise<void> {
    while ((await marks.run(7)).settled > 0);
  }
  async function fill(): Promise<void> {
    async function* nobody() {}
    await refillStreakStore({ store, pages: nobody(), generation: 1n, fillId: 'fill' });
  }
  return { writer, store, marks, boards, catchUp, fill, empty: removeOwnKeys };
}

function write(userId: string, lastDay = TODAY, version = 1): StreakWrite {
  const runs = [{ first: (lastDay - 1) as LocalDay, length: 2 }];
  const state: StreakState = { runs, timezone: 'UTC', version, updatedAtMs: NOON_MS };
  return { userId, ruleId: 'focus', generation: 1n, state };
}

beforeAll(async () => {
  redis = createRedis({
    url: stackAddresses().REDIS_URL,
    name: 'boards-test',
    commandTimeoutMs: 10_000,
    onOutage: () => undefined,
  });
  expect(await waitForRedis(redis, 5_000)).toBe(true);
});

beforeEach(removeOwnKeys);

afterAll(async () => {
  await removeOwnKeys();
  await closeRedis(redis);
});

describeBoards('the boards in Redis', openBoards);

describe('boards in Redis', () => {
  it('have the documented form, readable by any client', async () => {
    const { store, catchUp, fill } = openBoards();
    await fill();
    await store.writeAll([write('ada')]);
    expect(await redis.smembers(markedKey(keyPrefix, bucketOf('ada')))).toEqual(['focus:ada']);
    await catchUp();
    const keys = boardKeys(keyPrefix, 'focus');
    const expiresAtMs = (TODAY + 2) * DAY_MS;
    expect(keys.qualified).toBe(`${keyPrefix}{board:focus}:qualified`);
    expect(await redis.zrange(keys.qualified, '0', '-1', 'WITHSCORES')).toEqual(['-OGdpQ7-ada', '-8388610']);
    expect(await redis.zrange(keys.current, '0', '-1', 'WITHSCORES')).toEqual(['-OGdpQ7-ada', '-8388610']);
    expect(await redis.zrange(keys.expiry, '0', '-1', 'WITHSCORES')).toEqual(['ada', String(expiresAtMs)]);
    expect(await redis.hgetall(keys.members)).toEqual({ ada: `1:-OGdpQ7-2,2,2,${expiresAtMs}` });
    expect(await redis.mget(keys.sentinel, keys.contents)).toEqual(['1', '1']);
    expect(await redis.exists(markedKey(keyPrefix, bucketOf('ada')), takenKey(keyPrefix, bucketOf('ada')))).toBe(0);
  });

  it('catch up although whoever kept them died in the middle', async () => {
    const { store, marks, boards, writer, catchUp, fill } = openBoards();
    await fill();
    await store.writeAll([write('a'), write('b')]);
    const dying = createCatchUp({ redis, keyPrefix, writer: { write: () => Promise.reject(new Error('killed')) } });
    await expect(dying.run(100)).rejects.toThrow('killed');
    await store.writeAll([write('b', TODAY + 1, 2), write('c')]);
    expect(await marks.waiting()).toBe(4);
    const settlesNothing = createCatchUp({ redis: withoutSettling(redis), keyPrefix, writer });
    await expect(settlesNothing.run(100)).rejects.toThrow('killed');
    await catchUp();
    expect(await marks.waiting()).toBe(0);
    const page = await boards.page('focus', 'qualified', FIRST, NOON_MS);
    expect(page?.entries.map(({ userId }) => userId)).toEqual(['a', 'b', 'c']);
    expect(page?.entries[1]?.expiresAtMs).toBe((TODAY + 3) * DAY_MS);
  });

  it('keep the newest place, whoever comes later with an older state or repeats one', async () => {
    const { writer, boards, fill } = openBoards();
    await fill();
    const places = async () => (await boards.page('focus', 'current', FIRST, NOON_MS))?.entries;
    expect(await writer.write([write('ada', TODAY + 1, 3)])).toBe(1);
    const newest = await places();
    expect(await writer.write([write('ada', TODAY, 2)])).toBe(0);
    expect(await writer.write([write('ada', TODAY - 9, 3)])).toBe(0);
    expect(await writer.write([{ userId: 'ada', ruleId: 'focus', generation: 1n, state: null, version: 1 }])).toBe(0);
    expect(await places()).toEqual(newest);
    expect(newest).toMatchObject([{ userId: 'ada', expiresAtMs: (TODAY + 3) * DAY_MS }]);
  });

  it('get a user whom another writer put into the store without a mark, once the relay repeats it', async () => {
    const { store, boards, catchUp, fill } = openBoards();
    await fill();
    await createStreakStore({ redis, keyPrefix }).writeAll([write('a')]);
    await catchUp();
    expect(await boards.page('focus', 'qualified', FIRST, NOON_MS)).toMatchObject({ total: 0 });
    expect(await store.writeAll([write('a')])).toEqual({ written: 0, stale: 0 });
    await catchUp();
    expect(await boards.page('focus', 'qualified', FIRST, NOON_MS)).toMatchObject({ total: 1 });
  });

  it('lose nobody to a reader whose clock is far ahead', async () => {
    const { store, boards, catchUp, fill } = openBoards();
    await fill();
    const [seconds = 0] = await redis.time();
    const nowMs = Number(seconds) * 1000;
    await store.writeAll([write('alive', Math.floor(nowMs / DAY_MS)), write('broken', TODAY)]);
    await catchUp();
    expect(await boards.page('focus', 'current', FIRST, nowMs + 30 * DAY_MS)).toMatchObject({ total: 1 });
    const page = await boards.page('focus', 'current', FIRST, nowMs);
    expect(page?.entries.map(({ userId }) => userId)).toEqual(['alive']);
  });

  it('let nobody wait until tens of thousands of broken streaks are off the board', async () => {
    const { writer, boards, fill } = openBoards();
    await fill();
    const broken = Array.from({ length: 21_000 }, (_, index) => write(`broken-${index}`, TODAY - 2));
    await writer.write([...broken, write('alive')]);
    expect(await boards.page('focus', 'current', FIRST, NOON_MS)).toBeUndefined();
    expect(await boards.page('focus', 'qualified', FIRST, NOON_MS)).toMatchObject({ total: 21_001 });
    const page = await boards.page('focus', 'current', FIRST, NOON_MS);
    expect(page).toMatchObject({ total: 1, entries: [{ userId: 'alive' }] });
  }, 60_000);

  it('leave out of the current board what is broken when it is written, given a clock', async () => {
    const { store, catchUp, fill } = openBoards();
    await fill();
    await store.writeAll([write('a'), write('b', TODAY - 2)]);
    await catchUp();
    const clocked = createBoardWriter({ redis, keyPrefix, clock: { nowMs: () => NOON_MS } });
    await clocked.write([write('c', TODAY - 2), write('d', TODAY - 1), write('a', TODAY - 2, 2)]);
    const { current, expiry, qualified } = boardKeys(keyPrefix, 'focus');
    expect((await redis.zrange(expiry, '0', '-1')).toSorted()).toEqual(['b', 'd']);
    expect([await redis.zcard(current), await redis.zcard(qualified)]).toEqual([2, 4]);
  });

  it('go on after the server forgot its scripts', async () => {
    const { store, boards, catchUp, fill } = openBoards();
    await fill();
    await redis.script('FLUSH');
    await store.writeAll([write('a')]);
    await catchUp();
    expect(await boards.page('focus', 'current', FIRST, NOON_MS)).toMatchObject({ total: 1 });
  });
});

/** The same client, on which taking marks away fails. */
function withoutSettling(client: Redis): Redis {
  return new Proxy(client, {
    get: (target, name) =>
      name === 'srem' ? () => Promise.reject(new Error('killed')) : Reflect.get(target, name, target),
  });
}
