import type { Session } from '@streaks/shared/domain/events/session';
import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import { type DataSet, FIRST_DAY_MS } from './generate-data-set';

export interface LongHistory {
  readonly users: number;
  /** Days with a session, one every second day: each is a run of its own, the most that a user's state can hold. */
  readonly days: number;
}

/** Ten years of activity spread over twenty: 3,650 runs in one value. */
export const TWENTY_YEARS: LongHistory = { users: 10, days: 3_650 };

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The data set with such users' sessions, oldest first, spread evenly among its own. */
export function withLongHistory({ events, partitions, partitionCount }: DataSet, history: LongHistory): DataSet {
  const long = longSessions(history);
  const all: Session[] = [];
  const partitionOf: number[] = [];
  const put = (session: Session, partition: number): void => {
    all.push(session);
    partitionOf.push(partition);
  };
  let taken = 0;
  for (const [index, event] of events.entries()) {
    const due = Math.floor(((index + 1) / events.length) * long.length);
    for (; taken < due; taken += 1) {
      const session = long[taken] as Session;
      put(session, partitionForKey(session.userId, partitionCount));
    }
    put(event, partitions[index] ?? 0);
  }
  return { events: all, partitions: Uint16Array.from(partitionOf), partitionCount };
}

function longSessions({ users, days }: LongHistory): Session[] {
  return Array.from({ length: users * days }, (_, index) => {
    const day = Math.floor(index / users);
    const startMs = FIRST_DAY_MS - 2 * (days - day) * DAY_MS + 10 * HOUR_MS;
    const userId = `long-${String(index % users).padStart(4, '0')}`;
    return { userId, sessionId: `${userId}-${day}`, startMs, endMs: startMs + HOUR_MS, timezone: 'Europe/London' };
  });
}
