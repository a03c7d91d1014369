import { createCatchUp } from '@streaks/shared/redis/boards/board-marks';
import { createBoardWriter } from '@streaks/shared/redis/boards/board-writer';
import { createStreakStore } from '@streaks/shared/redis/streaks/create-streak-store';
import type { StreakWrite } from '@streaks/shared/redis/streaks/streak-store';
import type { Redis } from 'ioredis';
import { boardPages } from './board-users';

/** What one way of writing costs, in microseconds of CPU for each user. */
export interface WriteCost {
  readonly redisMicroseconds: number;
  /** Of this process: what the processor would spend. */
  readonly nodeMicroseconds: number;
  readonly usersPerSecond: number;
}

export interface BoardCosts {
  /** All users into an empty Redis: their states alone, then the boards, which is what a refill does. */
  readonly fillStates: WriteCost;
  readonly fillBoards: WriteCost;
  readonly bytesAStateInRedis: number;
  readonly bytesAUserOnBoards: number;
  /** A change of a user, written as the relay does: without boards, with marks for them, and what is done afterwards. */
  readonly change: WriteCost;
  readonly markedChange: WriteCost;
  readonly catchUp: WriteCost;
}

export interface BoardCostOptions {
  readonly redis: Redis;
  readonly keyPrefix: string;
  readonly users: number;
  readonly nowMs: number;
}

const CHANGED_USERS = 100_000;

/** The states that are left after all was measured. */
export function* finalPages(users: number, nowMs: number): Generator<readonly StreakWrite[]> {
  const changed = Math.min(users, CHANGED_USERS);
  yield* boardPages({ from: 0, to: changed }, 3, nowMs);
  yield* boardPages({ from: changed, to: users }, 1, nowMs);
}

/** Fills an empty Redis through the scripts of the product and then changes a share of the users. */
export async function measureBoardCosts({ redis, keyPrefix, users, nowMs }: BoardCostOptions): Promise<BoardCosts> {
  // Without a clock, so that streaks broken by now stand on the board, for the first reader to take off.
  const writer = createBoardWriter({ redis, keyPrefix });
  const withoutBoards = createStreakStore({ redis, keyPrefix });
  const store = createStreakStore({ redis, keyPrefix, boards: writer });
  const catchUp = createCatchUp({ redis, keyPrefix, writer });
  const all = () => boardPages({ from: 0, to: users }, 1, nowMs);
  const changed = Math.min(users, CHANGED_USERS);
  const change = (version: number) => boardPages({ from: 0, to: changed }, version, nowMs);

  const emptyBytes = await usedMemory(redis);
  await store.beginFill('bench');
  const fillStates = await costOf(redis, all(), users, (page) => withoutBoards.writeAll(page));
  const statesBytes = await usedMemory(redis);
  const fillBoards = await costOf(redis, all(), users, (page) => writer.write(page));
  const boardsBytes = await usedMemory(redis);
  await store.markFilled(1n, 'bench');

  return {
    fillStates,
    fillBoards,
    bytesAStateInRedis: (statesBytes - emptyBytes) / users,
    bytesAUserOnBoards: (boardsBytes - statesBytes) / users,
    change: await costOf(redis, change(2), changed, (page) => withoutBoards.writeAll(page)),
    markedChange: await costOf(redis, change(3), changed, (page) => store.writeAll(page)),
    catchUp: await costOf(redis, rounds(catchUp), changed, async () => undefined),
  };
}

/** Rounds until nobody is marked. */
async function* rounds(catchUp: ReturnType<typeof createCatchUp>): AsyncGenerator<number> {
  for (let settled = 1; settled > 0; ) {
    ({ settled } = await catchUp.run(20));
    yield settled;
  }
}

async function costOf<Page>(
  redis: Redis,
  pages: Iterable<Page> | AsyncIterable<Page>,
  users: number,
  write: (page: Page) => Promise<unknown>,
): Promise<WriteCost> {
  const redisBefore = await redisCpuSeconds(redis);
  const nodeBefore = process.cpuUsage();
  let generatingMicroseconds = 0;
  const startedAt = performance.now();
  const iterator = Symbol.asyncIterator in pages ? pages[Symbol.asyncIterator]() : pages[Symbol.iterator]();
  for (;;) {
    const before = process.cpuUsage();
    const { value, done } = await iterator.next();
    // Users made up on the way are no cost of the product; a round of catching up is all its cost.
    if (Array.isArray(value)) generatingMicroseconds += sum(process.cpuUsage(before));
    if (done === true) break;
    await write(value as Page);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    redisMicroseconds: (((await redisCpuSeconds(redis)) - redisBefore) * 1_000_000) / users,
    nodeMicroseconds: (sum(process.cpuUsage(nodeBefore)) - generatingMicroseconds) / users,
    usersPerSecond: users / seconds,
  };
}

const sum = ({ user, system }: NodeJS.CpuUsage): number => user + system;

async function redisCpuSeconds(redis: Redis): Promise<number> {
  const info = await redis.info('cpu');
  return numberOf(info, 'used_cpu_user') + numberOf(info, 'used_cpu_sys');
}

async function usedMemory(redis: Redis): Promise<number> {
  return numberOf(await redis.info('memory'), 'used_memory');
}

function numberOf(info: string, name: string): number {
  return Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
}
