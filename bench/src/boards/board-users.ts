import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { findZone } from '@streaks/shared/domain/calendar/zone';
import { FOCUS_RULE } from '@streaks/shared/domain/rules';
import type { StreakWrite } from '@streaks/shared/redis/streaks/streak-store';
import { createSeededRandom } from '../data-set/seeded-random';

// Users of a product of some years: most have few days, some have hundreds, and two of three still have a streak.

const ZONES = ['America/New_York', 'Europe/London', 'Asia/Tokyo', 'UTC', 'Asia/Kolkata'];
const MOST_DAYS = 400;
const USERS_A_PAGE = 2_000;
const CHANGES_OVER_MS = 30 * 86_400_000;

/** As many characters as a Firebase UID has. */
export function boardUserId(user: number): string {
  return `user-${String(user).padStart(8, '0')}-of-the-boards`;
}

/**
 * The state of a user after so many changes. Version 1 is whatever the number of the user makes it; each later one has a day
 * more at the end.
 */
export function boardWrite(user: number, version: number, nowMs: number): StreakWrite {
  const random = createSeededRandom(user);
  const timezone = ZONES[user % ZONES.length] ?? 'UTC';
  const days = 1 + Math.floor(MOST_DAYS * random.fraction() ** 4);
  const latest = 1 + random.below(days);
  const isBroken = random.below(3) === 0;
  const today = findZone(timezone)?.dayOf(nowMs) ?? 0;
  const last = today - (isBroken ? 2 + random.below(300) : random.below(2)) + version - 1;
  const runs = [{ first: (last - latest - version + 2) as LocalDay, length: latest + version - 1 }];
  if (days > latest) runs.unshift({ first: (last - days - 10) as LocalDay, length: days - latest });
  const updatedAtMs = nowMs - random.below(CHANGES_OVER_MS) + version;
  const state = { runs, timezone, version, updatedAtMs };
  return { userId: boardUserId(user), ruleId: FOCUS_RULE, generation: 1n, state };
}

/** The same of all users from a number up to another, page by page. */
export function* boardPages(
  { from, to }: { readonly from: number; readonly to: number },
  version: number,
  nowMs: number,
): Generator<readonly StreakWrite[]> {
  for (let start = from; start < to; start += USERS_A_PAGE) {
    const count = Math.min(USERS_A_PAGE, to - start);
    yield Array.from({ length: count }, (_, index) => boardWrite(start + index, version, nowMs));
  }
}
