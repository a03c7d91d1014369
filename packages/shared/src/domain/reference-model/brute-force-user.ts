import type { RecordedEvent } from '../streaks/fold-user';
import { bruteForceSetting, bruteForceShared, type LoggedChange } from './brute-force-settings';
import { type DiaryPage, keepDiary } from './freeze-diary';

const DAY_MS = 86_400_000;
/** Zones that never change their clocks: hours to the east of UTC. */
const OFFSET_HOURS: Readonly<Record<string, number>> = { UTC: 0, 'Asia/Tokyo': 9, 'Pacific/Honolulu': -10 };

export interface BruteForceUser {
  readonly zone: string | null;
  readonly isUnlisted: boolean;
  readonly diary: readonly DiaryPage[];
}

/** What a session or a check-in adds to its day. */
interface Counted {
  readonly id: string;
  readonly day: number;
  readonly amount: number;
  readonly endMs: number;
  readonly timezone: string;
}

/**
 * One user and rule from all their events, the slow and obvious way, for tests to compare with: for every day all of them are
 * looked at again. Sessions must lie within one day, zones must be those that never change their clocks, and events with one
 * id must be the same.
 */
export function bruteForceUser(
  events: readonly RecordedEvent[],
  rule: 'focus' | 'activity',
  defaultTarget: number,
  organisations: ReadonlyMap<string, readonly LoggedChange[]>,
  [firstDay, lastDay]: readonly [number, number],
): BruteForceUser {
  const erasedAtMs = events.reduce(
    (latest, { kind, recordTimeMs }) => (kind === 'erasure' && recordTimeMs > latest ? recordTimeMs : latest),
    Number.NEGATIVE_INFINITY,
  );
  const spared = events.filter(({ recordTimeMs }) => recordTimeMs > erasedAtMs);
  const log = spared.flatMap((event): LoggedChange[] => (event.kind === 'settings' ? [event] : []));
  const counted = rule === 'focus' ? countSessions(spared) : countCheckIns(spared);
  const pauses = bruteForceSetting(log, erasedAtMs, 'pauses', 0) ?? [];

  function targetOn(day: number): number {
    const [field, unit] =
      rule === 'focus' ? (['dailyTargetSeconds', 1000] as const) : (['dailyCheckInTarget', 1] as const);
    const target = bruteForceShared(log, erasedAtMs, organisations, field, day);
    return target === null ? defaultTarget : target * unit;
  }

  const diary = keepDiary(
    {
      isQualified: (day) =>
        counted.reduce((sum, event) => sum + (event.day === day ? event.amount : 0), 0) >= targetOn(day),
      isPaused: (day) => pauses.some(({ first, last }) => first <= day && day <= last),
      ruleOn: (day) => bruteForceShared(log, erasedAtMs, organisations, 'freeze', day),
    },
    firstDay,
    lastDay,
  );
  const last = diary.findLast(({ isQualified }) => isQualified);
  const latest = counted
    .filter(({ day }) => day === last?.day)
    .sort((one, other) => one.endMs - other.endMs || Buffer.compare(Buffer.from(one.id), Buffer.from(other.id)))
    .at(-1);
  return {
    zone: bruteForceSetting(log, erasedAtMs, 'timezone', 0) ?? latest?.timezone ?? null,
    isUnlisted: bruteForceSetting(log, erasedAtMs, 'leaderboardOptOut', 0) ?? false,
    diary,
  };
}

function countSessions(events: readonly RecordedEvent[]): readonly Counted[] {
  const retracted = events.map((event) => (event.kind === 'retraction' ? event.sessionId : undefined));
  const counted = events.flatMap((event) => {
    if (event.kind !== 'session' || retracted.includes(event.sessionId)) return [];
    const { sessionId: id, startMs, endMs, timezone } = event;
    return { id, day: localDay(startMs, timezone), amount: endMs - startMs, endMs, timezone };
  });
  return withoutRepeats(counted);
}

function countCheckIns(events: readonly RecordedEvent[]): readonly Counted[] {
  const counted = events.flatMap((event) => {
    if (event.kind !== 'check-in') return [];
    const { checkInId: id, atMs, timezone } = event;
    return { id, day: localDay(atMs, timezone), amount: 1, endMs: atMs, timezone };
  });
  return withoutRepeats(counted);
}

function withoutRepeats(counted: readonly Counted[]): readonly Counted[] {
  return counted.filter(({ id }, index) => counted.findIndex((other) => other.id === id) === index);
}

function localDay(instantMs: number, timezone: string): number {
  return Math.floor((instantMs + (OFFSET_HOURS[timezone] ?? Number.NaN) * 3_600_000) / DAY_MS);
}
