import { ms, perSecond } from '../printing/print-results';
import type { WriteCost } from './board-costs';
import type { BoardReads, ReadTimes } from './board-reads';
import type { BoardsResult } from './measure-boards';

/** The rows of the final table. */
export function boardRows(boards: BoardsResult | undefined): string[][] {
  if (boards === undefined) return [];
  const { users, costs, massExpiry, fromRedis, fromPostgres, outlineMs } = boards;
  const count = users.toLocaleString('en-US');
  return [
    [`boards of ${count} users: states into an empty Redis`, ...describeCost(costs.fillStates)],
    ['… and the boards', ...describeCost(costs.fillBoards)],
    [
      '… memory',
      `${bytes(costs.bytesAStateInRedis)} a state, ${bytes(costs.bytesAUserOnBoards)} a user on the boards`,
      '',
    ],
    ['a change without boards', ...describeCost(costs.change)],
    ['… that marks its user for them', ...describeCost(costs.markedChange)],
    ['… and the boards brought up to it', ...describeCost(costs.catchUp)],
    [`${massExpiry.broken.toLocaleString('en-US')} streaks break at once: the first read`, ms(massExpiry.ms), ''],
    ...fromRedis.map((reads) => [`GET /leaderboard?board=${reads.board} from Redis`, describeReads(reads), '']),
    ...fromPostgres.map((reads) => [`GET /leaderboard?board=${reads.board} from Postgres`, describeReads(reads), '']),
    ['… the first answer from Postgres', ms(outlineMs), ''],
  ];
}

function describeCost({ usersPerSecond, redisMicroseconds, nodeMicroseconds }: WriteCost): [string, string] {
  return [
    perSecond(usersPerSecond),
    `Redis ${redisMicroseconds.toFixed(1)} µs, Node.js ${nodeMicroseconds.toFixed(1)} µs a user`,
  ];
}

function describeReads({ page1, page10000, rank, around }: BoardReads): string {
  return `page 1 ${times(page1)}, page 10,000 ${times(page10000)}, rank ${times(rank)}, around ${times(around)}`;
}

function times({ p50Ms, p95Ms }: ReadTimes): string {
  return `${ms(p50Ms)} (p95 ${ms(p95Ms)})`;
}

function bytes(count: number): string {
  return `${count.toFixed(0)} bytes`;
}
