import type { ReferenceSession, ReferenceUser } from '@streaks/testing/reference-fold';
import { historyFaults } from '../../state/history-faults';
import type { StoredStreak } from '../../state/read-state';
import type { CollectedRun, ShardMark, StoredChange, StoredLetter } from './collected-run';
import { type Expectation, letterKey, sessionKey } from './expectation';
import { compareKeyed, type Fault } from './fault';
import { runsText, streakText } from './texts';

/** Holds Postgres against the reference, and Redis against Postgres. */
export function storedFaults(run: CollectedRun, expected: Expectation): Fault[] {
  return [
    ...compareKeyed('focus_sessions', run.sessions, contents(expected.sessions, sessionText), sessionKey, sessionText),
    ...compareKeyed(
      'daily_totals',
      run.totals,
      wantedTotals(expected.users),
      ({ userId, date }) => `${userId} ${date}`,
      (total) => `${total.totalMs} ${total.latestEndMs} ${total.latestId} ${total.latestTimezone}`,
    ),
    ...compareKeyed('user_streaks', run.streaks, wantedStreaks(expected.users), ({ userId }) => userId, streakText),
    ...versionFaults(run.history),
    ...historyFaults(run.history, run.streaks, expected.users).map(
      (detail): Fault => ({ kind: 'wrong', where: 'streak_history', detail }),
    ),
    ...letterFaults(run.letters, expected),
    ...numberFaults(run),
    ...compareKeyed(
      'Redis',
      run.redis,
      new Map(run.streaks.map((row) => [row.userId, redisText(row)])),
      ({ userId }) => userId,
      redisText,
    ),
  ];
}

const contents = <T>(items: ReadonlyMap<string, T>, textOf: (item: T) => string): Map<string, string> =>
  new Map([...items].map(([key, item]) => [key, textOf(item)]));

const sessionText = ({ startMs, endMs, timezone }: Omit<ReferenceSession, 'userId' | 'sessionId'>): string =>
  `${startMs} ${endMs} ${timezone}`;

const redisText = ({ runs, timezone, version }: StoredStreak): string => `v${version} ${timezone} ${runsText(runs)}`;

function wantedTotals(users: ReadonlyMap<string, ReferenceUser>): Map<string, string> {
  const wanted = new Map<string, string>();
  for (const [userId, { days }] of users) {
    for (const [date, { totalMs, latest }] of days) {
      wanted.set(`${userId} ${date}`, `${totalMs} ${latest.endMs} ${latest.sessionId} ${latest.timezone}`);
    }
  }
  return wanted;
}

function wantedStreaks(users: ReadonlyMap<string, ReferenceUser>): Map<string, string> {
  const wanted = new Map<string, string>();
  for (const [userId, { runs, timezone, qualifiedDates }] of users) {
    if (runs.length === 0) continue;
    const row = {
      runs,
      timezone,
      currentRunLength: runs.at(-1)?.length ?? 0,
      longestRunLength: Math.max(...runs.map(({ length }) => length)),
      lastQualifiedDate: qualifiedDates.at(-1) ?? null,
      qualifiedDaysCount: qualifiedDates.length,
    };
    wanted.set(userId, streakText(row));
  }
  return wanted;
}

/** A version that is missing between two of a user is a lost change, one that comes twice a duplicated one. */
function versionFaults(history: readonly StoredChange[]): Fault[] {
  const where = 'streak_history';
  const faults: Fault[] = [];
  const versions = new Map<string, Set<number>>();
  for (const { userId, version } of history) {
    const known = versions.get(userId) ?? new Set();
    if (known.has(version)) faults.push({ kind: 'duplicated', where, detail: `${userId} v${version}` });
    versions.set(userId, known.add(version));
  }
  for (const [userId, known] of versions) {
    const last = Math.max(...known);
    for (let version = 1; version < last; version += 1) {
      if (!known.has(version)) faults.push({ kind: 'lost', where, detail: `${userId} v${version}` });
    }
  }
  return faults;
}

function letterFaults(letters: readonly StoredLetter[], expected: Expectation): Fault[] {
  const where = 'dead_letters';
  const faults: Fault[] = [];
  const found = new Map<string, string[]>();
  for (const letter of letters) {
    const places = found.get(letterKey(letter)) ?? [];
    places.push(`${letter.partition}/${letter.offset}`);
    found.set(letterKey(letter), places);
  }
  for (const [key, { least, most }] of expected.letters) {
    const places = found.get(key) ?? [];
    const detail = `${key}: ${least === most ? most : `${least} to ${most}`} expected, stored ${places.join(' and ')}`;
    if (places.length < least) faults.push({ kind: 'lost', where, detail });
    if (places.length > most) faults.push({ kind: 'duplicated', where, detail });
  }
  for (const key of found.keys()) {
    if (!expected.letters.has(key)) faults.push({ kind: 'wrong', where, detail: `${key} should not be there` });
  }
  return faults;
}

/** Numbers of each shard are used once each, from 1 to the shard's mark, by changes and dead letters together; all of them are projected. */
function numberFaults({ history, letters, shards }: CollectedRun): Fault[] {
  const faults: Fault[] = [];
  const used = new Map<number, Set<number>>(shards.map(({ shard }) => [shard, new Set()]));
  for (const { shard, outSeq } of [...history, ...letters]) {
    const numbers = used.get(shard);
    const where = `outbox shard ${shard}`;
    if (numbers === undefined) faults.push({ kind: 'wrong', where, detail: 'there is no such shard' });
    else if (numbers.has(outSeq)) faults.push({ kind: 'duplicated', where, detail: `number ${outSeq}` });
    else numbers.add(outSeq);
  }
  for (const mark of shards) faults.push(...shardFaults(mark, used.get(mark.shard) ?? new Set()));
  return faults;
}

function shardFaults({ shard, outSeq, projectedSeq }: ShardMark, numbers: ReadonlySet<number>): Fault[] {
  const where = `outbox shard ${shard}`;
  const faults: Fault[] = [];
  for (let number = 1; number <= outSeq; number += 1) {
    if (!numbers.has(number)) faults.push({ kind: 'lost', where, detail: `number ${number}` });
  }
  for (const number of numbers) {
    if (number > outSeq) faults.push({ kind: 'wrong', where, detail: `number ${number} above the mark ${outSeq}` });
  }
  if (projectedSeq !== outSeq) {
    faults.push({ kind: 'wrong', where, detail: `projected to ${projectedSeq} of ${outSeq}` });
  }
  return faults;
}
