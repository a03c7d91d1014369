import { stateKey } from '../texts';
import { changed, choose, type Plant, twice, without } from './plant';

/** Faults of what Postgres and Redis hold, whatever kinds of events there were. */
export const storePlants: readonly Plant[] = [
  {
    name: 'a lost session',
    kind: 'lost',
    where: 'focus_sessions',
    plant: (run) => ({ ...run, sessions: without(run.sessions) }),
  },
  {
    name: 'a wrong total',
    kind: 'wrong',
    where: 'daily_totals',
    plant: (run) => ({ ...run, totals: changed(run.totals, (total) => ({ ...total, total: total.total + 1 })) }),
  },
  {
    name: 'a wrong streak',
    kind: 'wrong',
    where: 'user_streaks',
    plant: (run) => ({
      ...run,
      streaks: changed(run.streaks, (row) => ({ ...row, longestRunLength: row.longestRunLength + 1 })),
    }),
  },
  {
    name: 'a lost change',
    kind: 'lost',
    where: 'streak_history',
    plant: (run) => {
      const following = new Set(run.history.map((row) => `${stateKey(row)} ${row.version - 1}`));
      const lost = choose(run.history, 'change that others follow', (row) =>
        following.has(`${stateKey(row)} ${row.version}`),
      );
      return { ...run, history: run.history.filter((row) => row !== lost) };
    },
  },
  {
    name: 'a number of the outbox without a row',
    kind: 'lost',
    where: 'outbox shard',
    plant: (run) => ({
      ...run,
      shards: run.shards.map((mark) => ({ ...mark, outSeq: mark.outSeq + 1, projectedSeq: mark.projectedSeq + 1 })),
    }),
  },
  {
    name: 'a change stored twice',
    kind: 'duplicated',
    where: 'streak_history',
    plant: (run) => ({ ...run, history: twice(run.history) }),
  },
  {
    name: 'a lost dead letter',
    kind: 'lost',
    where: 'dead_letters',
    plant: (run) => ({ ...run, letters: without(run.letters) }),
  },
  {
    name: 'an old state in Redis',
    kind: 'wrong',
    where: 'Redis',
    plant: (run) => ({ ...run, redis: changed(run.redis, (row) => ({ ...row, version: row.version - 1 })) }),
  },
];
