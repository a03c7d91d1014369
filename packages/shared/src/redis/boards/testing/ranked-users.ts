import fc from 'fast-check';
import type { LocalDay } from '../../../domain/calendar/local-day';
import type { StreakState } from '../../../domain/streaks/streak-state';
import type { StreakWrite } from '../../streaks/streak-store';
import type { BoardName } from '../board-entry';

// Users as hostile as they can be, and the boards they must stand on: counted by hand and sorted by bytes.

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Zones whose clocks never change, with their distance from UTC. */
const OFFSETS: Readonly<Record<string, number>> = { UTC: 0, 'Asia/Tokyo': 9, 'Pacific/Pago_Pago': -11 };
/** 15 January 2025 in UTC. */
export const TODAY = 20_103;
export const NOON_MS = TODAY * DAY_MS + 12 * HOUR_MS;

/** Ids that sort differently as UTF-16, by a locale or without case, and that look like parts of keys and members. */
export const HOSTILE_IDS = [
  'a',
  'B',
  'aa',
  'é',
  'e\u0301',
  '\u{1f600}',
  '\uffee',
  '\ue000',
  '界',
  '-',
  '0',
  '00000000',
  'zzzzzzzz0',
  '{x}',
  'a:b',
  '%d+',
  'x'.repeat(128),
  `${'x'.repeat(127)}y`,
  '\u{10ffff}'.repeat(64),
] as const;

export interface RankedUser {
  readonly userId: string;
  readonly qualifiedDays: number;
  readonly longestStreak: number;
  readonly currentStreak: number;
}

/** A state of a few figures, so that ties are many, or of figures as large as there are days. */
export const stateArbitrary: fc.Arbitrary<Omit<StreakState, 'version'>> = fc
  .record({
    lengths: fc.array(
      fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 1, max: 3 }) },
        { weight: 1, arbitrary: fc.constant(240_000) },
      ),
      { maxLength: 3 },
    ),
    lastDay: fc.integer({ min: TODAY - 4, max: TODAY + 1 }),
    timezone: fc.constantFrom(...Object.keys(OFFSETS)),
    updatedAtMs: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: NOON_MS, max: NOON_MS + 2 }) },
      { weight: 1, arbitrary: fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40, 2 ** 47) },
    ),
    dice: fc.nat({ max: 9 }),
  })
  .map(({ lengths, lastDay, timezone, updatedAtMs, dice }) => ({
    runs: runsUpTo(lengths, lastDay),
    timezone,
    updatedAtMs,
    ...(dice === 0 ? { isUnlisted: true } : {}),
  }));

/** Runs of these lengths with a day between them, the last one up to a day. */
function runsUpTo(lengths: readonly number[], lastDay: number): StreakState['runs'] {
  let end = lastDay + 1;
  const runs: { first: LocalDay; length: number }[] = [];
  for (const length of lengths) {
    runs.unshift({ first: (end - length) as LocalDay, length });
    end -= length + 1;
  }
  return runs;
}

/** Who must stand on a board at an instant, in order. */
export function rankByHand(writes: readonly StreakWrite[], board: BoardName, nowMs: number): readonly RankedUser[] {
  return writes
    .flatMap((write) => (write.state === null ? [] : countByHand(write.userId, write.state, nowMs)))
    .filter((user) => board === 'qualified' || user.currentStreak > 0)
    .sort(
      (one, other) =>
        (board === 'qualified' ? other.qualifiedDays - one.qualifiedDays : other.currentStreak - one.currentStreak) ||
        other.longestStreak - one.longestStreak ||
        one.updatedAtMs - other.updatedAtMs ||
        Buffer.compare(Buffer.from(one.userId), Buffer.from(other.userId)),
    )
    .map(({ updatedAtMs: _, ...user }) => user);
}

type CountedUser = RankedUser & { readonly updatedAtMs: number };

function countByHand(userId: string, state: StreakState, nowMs: number): readonly CountedUser[] {
  const { runs, timezone, updatedAtMs, isUnlisted } = state;
  const latest = runs.at(-1);
  if (latest === undefined || isUnlisted) {
    return [];
  }
  const lengths = runs.map(({ length }) => length);
  const today = Math.floor((nowMs + (OFFSETS[timezone ?? ''] ?? Number.NaN) * HOUR_MS) / DAY_MS);
  const isAlive = latest.first + latest.length - 1 >= today - 1;
  return [
    {
      userId,
      qualifiedDays: lengths.reduce((sum, length) => sum + length, 0),
      longestStreak: Math.max(...lengths),
      currentStreak: isAlive ? latest.length : 0,
      updatedAtMs,
    },
  ];
}
