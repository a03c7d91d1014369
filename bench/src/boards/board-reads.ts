import { isDeepStrictEqual } from 'node:util';
import { percentile } from '../figures/percentile';
import { boardUserId } from './board-users';

export interface ReadTimes {
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** Of `GET /leaderboard` of one store, from request to answer. */
export interface BoardReads {
  readonly board: string;
  readonly page1: ReadTimes;
  readonly page10000: ReadTimes;
  /** One user's rank, and ten users to either side. */
  readonly rank: ReadTimes;
  readonly around: ReadTimes;
}

const REQUESTS = 300;
const WARM_UP = 30;
const PAGE = 50;

/** Asks for pages one after the other, of users spread over all. */
export async function measureBoardReads(url: string, board: string, users: number): Promise<BoardReads> {
  // Of fewer than half a million users, the last page.
  const deep = Math.max(0, Math.min(9_999 * PAGE, users / 2 - PAGE));
  const page = (query: string) => `${url}/leaderboard?board=${board}&${query}`;
  const userOf = (request: number) => boardUserId((request * 7_919 + 1) % users);
  return {
    board,
    page1: await timesOf(() => page(`limit=${PAGE}`)),
    page10000: await timesOf((request) => page(`limit=${PAGE}&offset=${Math.floor(deep) - request}`)),
    rank: await timesOf((request) => page(`limit=1&around=${userOf(request)}`)),
    around: await timesOf((request) => page(`limit=21&around=${userOf(request)}`)),
  };
}

/** @throws when the two answer a page of any depth differently */
export async function compareStores(one: string, other: string, users: number): Promise<void> {
  for (const board of ['qualified', 'current']) {
    for (const offset of [0, Math.floor(users / 3), Math.floor(users / 2)]) {
      const path = `/leaderboard?board=${board}&limit=100&offset=${offset}`;
      const [left, right] = await Promise.all([getJson(one + path), getJson(other + path)]);
      if (!isDeepStrictEqual(left, right)) throw new Error(`the stores differ at ${path}`);
    }
  }
}

async function timesOf(urlOf: (request: number) => string): Promise<ReadTimes> {
  const times: number[] = [];
  for (let request = 0; request < WARM_UP + REQUESTS; request += 1) {
    const startedAt = performance.now();
    await getJson(urlOf(request));
    if (request >= WARM_UP) times.push(performance.now() - startedAt);
  }
  return { p50Ms: percentile(times, 0.5), p95Ms: percentile(times, 0.95) };
}

export async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
