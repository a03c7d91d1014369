import { randomUUID } from 'node:crypto';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import type { Redis } from 'ioredis';
import type { LocalDay } from '../../domain/calendar/local-day';
import { RULE_IDS } from '../../domain/rules';
import type { StreakState } from '../../domain/streaks/streak-state';
import { boardKeys } from '../boards/board-keys';
import { createBoardWriter } from '../boards/board-writer';
import { closeRedis, createRedis, waitForRedis } from '../create-redis';
import { createStreakStore } from './create-streak-store';
import { ALL_BUCKETS, bucketOf, fillKey, runKey, sentinelKey, streakKey } from './streak-keys';
import type { StreakWrite } from './streak-store';
import { describeStreakStore } from './streak-store.contract.test';

const keyPrefix = `test-${randomUUID()}:`;
const write = (version: number): StreakWrite => ({
  userId: 'u',
  ruleId: 'focus',
  generation: 1n,
  state: { runs: [{ first: 20_000 as LocalDay, length: 2 }], timezone: 'Europe/London', version, updatedAtMs: 5 },
});
const key = streakKey(keyPrefix, bucketOf('u'), 'focus', 'u');

let redis: Redis;

async function removeOwnKeys(): Promise<void> {
  const keys = await redis.keys(`${keyPrefix.replace(/[[\]*?\\]/g, '\\$&')}*`);
  if (keys.length > 0) {
    await redis.del(...keys);
  }
}

/** What a server that restarted finds: the id of its former run, in the sentinels and in the name of a refill under way. */
async function pretendEarlierRun(): Promise<void> {
  const parts = [
    ...ALL_BUCKETS.map((bucket) => ({ run: runKey(keyPrefix, bucket), fill: fillKey(keyPrefix, bucket) })),
    ...RULE_IDS.map((ruleId) => boardKeys(keyPrefix, ruleId)),
  ];
  for (const { run, fill } of parts) {
    if ((await redis.exists(run)) === 1) {
      await redis.set(run, 'earlier');
    }
    const name = await redis.get(fill);
    if (name !== null) {
      await redis.set(fill, name.replace(/^[^/]*/, 'earlier'));
    }
  }
}

beforeAll(async () => {
  redis = createRedis({ url: stackAddresses().REDIS_URL, name: 'streak-store-test', onOutage: () => undefined });
  expect(await waitForRedis(redis, 5_000)).toBe(true);
});

afterAll(async () => {
  await removeOwnKeys();
  await closeRedis(redis);
});

describeStreakStore('the streak store on Redis', () => ({
  store: createStreakStore({ redis, keyPrefix, boards: createBoardWriter({ redis, keyPrefix }) }),
  empty: removeOwnKeys,
  restart: pretendEarlierRun,
}));

describeStreakStore('the streak store with a command for each bucket, as on a cluster', () => ({
  store: createStreakStore({ redis, keyPrefix, isCluster: true, boards: createBoardWriter({ redis, keyPrefix }) }),
  empty: removeOwnKeys,
  restart: pretendEarlierRun,
}));

describe('values in Redis', () => {
  beforeEach(removeOwnKeys);

  it('has the documented form, readable by any client', async () => {
    const store = createStreakStore({ redis, keyPrefix });
    await store.writeAll([write(7)]);
    await store.beginFill('x');
    await store.markFilled(1n, 'x');
    expect(await redis.get(key)).toBe('1:7:{"r":[[20000,2]],"z":"Europe/London","u":5}');
    expect(await redis.get(sentinelKey(keyPrefix, bucketOf('u')))).toBe('1');
    await store.writeAll([{ userId: 'u', ruleId: 'focus', generation: 1n, state: null, version: 8 }]);
    expect(await redis.get(key)).toBe('1:8:-');
  });

  it('reads a value of a release that did not tell when a state changed', async () => {
    await redis.set(key, '1:7:{"r":[[20000,2]],"z":"Europe/London"}');
    const { lookups } = await createStreakStore({ redis, keyPrefix }).read('u', ['focus']);
    const state: StreakState = {
      runs: [{ first: 20_000 as LocalDay, length: 2 }],
      timezone: 'Europe/London',
      version: 7,
      updatedAtMs: 0,
    };
    expect(lookups).toEqual([{ kind: 'found', generation: 1n, state }]);
  });

  it.each(['garbage', '', '1:2', '-1:3:-', '1:x:{}'])('reads %j as a miss and writes over it', async (value) => {
    const store = createStreakStore({ redis, keyPrefix });
    await redis.set(key, value);
    expect((await store.read('u', ['focus'])).lookups).toEqual([{ kind: 'miss' }]);
    expect(await store.writeAll([write(1)])).toEqual({ written: 1, stale: 0 });
  });

  it.each([
    '1:2:{"r":[[1]],"z":null}',
    '1:2:{"r":[],"z":5}',
    '1:2:{"r":[],"z":null,"u":"5"}',
    '1:2:{"r":[],"z":null,"u":5,"b":[[],[[1]]]}',
    '1:2:{"r":[],"z":null,"u":5,"b":[[["1"]],[]]}',
    '1:2:{',
    '1:2:null',
  ])('reads %j as a miss', async (value) => {
    await redis.set(key, value);
    const { lookups } = await createStreakStore({ redis, keyPrefix }).read('u', ['focus']);
    expect(lookups).toEqual([{ kind: 'miss' }]);
  });

  it('goes on after the server forgot its scripts', async () => {
    const store = createStreakStore({ redis, keyPrefix });
    await store.writeAll([write(1)]);
    await redis.script('FLUSH');
    expect(await store.writeAll([write(2)])).toEqual({ written: 1, stale: 0 });
  });
});
