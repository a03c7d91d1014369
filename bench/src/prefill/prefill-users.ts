import type { HeldBefore } from '../data-set/expected-result';
import { FIRST_DAY_MS, userIdOf, zoneOfUser } from '../data-set/generate-data-set';

/** Sessions that the tables hold before a run begins: so many users with one session on each of so many days in a row. */
export interface Prefill {
  readonly users: number;
  readonly daysEach: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Between the last prefilled day and the first of the data set: the runs of the two never touch. */
const GAP_DAYS = 10;
/** 10 to 11 o'clock UTC is on the same date in every zone of the data set. */
const START_HOUR = 10;
export const PREFILLED_SESSION_MS = HOUR_MS;

/** At least `sessions`, shared evenly among the users. */
export function prefillOf(sessions: number, users: number): Prefill {
  return { users, daysEach: Math.max(1, Math.ceil(sessions / users)) };
}

/** Start of the session of day `index`, counted from the oldest. */
export function prefilledStartMs({ daysEach }: Prefill, index: number): number {
  return FIRST_DAY_MS - (GAP_DAYS + daysEach - index) * DAY_MS + START_HOUR * HOUR_MS;
}

export function prefilledSessionId(index: number): string {
  return `prefilled-${String(index).padStart(6, '0')}`;
}

/** The same as sessions, user by user as they are asked for: millions of them at once would not fit. */
export function heldBefore(prefill: Prefill): HeldBefore {
  const users = new Map(Array.from({ length: prefill.users }, (_, user) => [userIdOf(user), user]));
  const sessionIds = Array.from({ length: prefill.daysEach }, (_, index) => prefilledSessionId(index));
  return {
    userIds: [...users.keys()],
    sessionsOf(userId) {
      const user = users.get(userId);
      if (user === undefined) return [];
      return sessionIds.map((sessionId, index) => {
        const startMs = prefilledStartMs(prefill, index);
        return { userId, sessionId, startMs, endMs: startMs + PREFILLED_SESSION_MS, timezone: zoneOfUser(user) };
      });
    },
  };
}
