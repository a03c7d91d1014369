import type { LocalDay } from '@streaks/shared/domain/local-day';
import type { Session } from '@streaks/shared/domain/session';
import { splitAtLocalMidnights } from '@streaks/shared/domain/split-session';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import { findZone, type Zone } from '@streaks/shared/domain/zone';

/** What a batch adds to one user's local day. */
export interface DayDelta {
  readonly userId: string;
  readonly day: LocalDay;
  readonly addedMs: number;
  /** Of the batch's sessions on the day the one with the greatest end, then the greatest id. */
  readonly latest: Session;
  /** Its parts, in no order; `index` is the session's place in the batch. */
  readonly shares: readonly { readonly index: number; readonly milliseconds: number }[];
}

interface GrowingDelta {
  readonly userId: string;
  readonly day: LocalDay;
  addedMs: number;
  latest: Session;
  readonly shares: { index: number; milliseconds: number }[];
}

/**
 * The days of sessions that come sorted by the bytes of their user id; the days come sorted by user, then date, which is
 * the order in which their rows are locked.
 * @throws RangeError for a time zone that is none: the sessions were validated
 */
export function collectDayDeltas(sessions: readonly Session[], indexes: readonly number[]): readonly DayDelta[] {
  const deltas: DayDelta[] = [];
  const ofUser = new Map<LocalDay, GrowingDelta>();
  let userId: string | undefined;

  function flushUser(): void {
    const days = [...ofUser.values()];
    if (days.length > 1) days.sort((one, other) => one.day - other.day);
    for (const delta of days) deltas.push(delta);
    ofUser.clear();
  }

  for (const index of indexes) {
    const session = sessions[index] as Session;
    if (session.userId !== userId) {
      flushUser();
      userId = session.userId;
    }
    splitAtLocalMidnights(session.startMs, session.endMs, requireZone(session.timezone), (day, milliseconds) => {
      const delta = ofUser.get(day);
      const share = { index, milliseconds };
      if (delta === undefined) {
        ofUser.set(day, { userId: session.userId, day, addedMs: milliseconds, latest: session, shares: [share] });
        return;
      }
      delta.addedMs += milliseconds;
      delta.shares.push(share);
      if (isLater(session, delta.latest)) delta.latest = session;
    });
  }
  flushUser();
  return deltas;
}

/** The session that took a day over its target: the first, in record order, with which the running total reaches it. */
export function crossingIndex({ shares }: DayDelta, totalBeforeMs: number, targetMs: number): number {
  const inRecordOrder = shares.length === 1 ? shares : shares.toSorted((one, other) => one.index - other.index);
  let totalMs = totalBeforeMs;
  for (const { index, milliseconds } of inRecordOrder) {
    totalMs += milliseconds;
    if (totalMs >= targetMs) return index;
  }
  throw new RangeError('the day does not cross its target');
}

function isLater(one: Session, other: Session): boolean {
  return one.endMs === other.endMs ? compareUtf8(one.sessionId, other.sessionId) > 0 : one.endMs > other.endMs;
}

function requireZone(name: string): Zone {
  const zone = findZone(name);
  if (zone === undefined) throw new RangeError('a session reached the fold with a time zone that is none');
  return zone;
}
