import type { LocalDay } from '@streaks/shared/domain/local-day';
import type { Session } from '@streaks/shared/domain/session';
import { splitAtLocalMidnights } from '@streaks/shared/domain/split-session';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import { findZone, type Zone } from '@streaks/shared/domain/zone';

/** A session's part of a day; `index` is the session's place in the batch. */
interface Share {
  readonly index: number;
  readonly milliseconds: number;
}

/** What a batch adds to one user's local day. */
export interface DayDelta {
  readonly userId: string;
  readonly day: LocalDay;
  readonly addedMs: number;
  /** Of the batch's sessions on the day the one with the greatest end, then the greatest id, and its place. */
  readonly latest: Session;
  readonly latestIndex: number;
  /** Its parts in no order; absent where the latest session is the only one, as on most days. */
  readonly shares?: readonly Share[];
}

type GrowingDelta = { -readonly [Field in keyof DayDelta]: DayDelta[Field] } & { shares?: Share[] };

/**
 * The days of sessions that come sorted by the bytes of their user id; the days come sorted by user, then date, which is
 * the order in which their rows are locked.
 * @throws RangeError for a time zone that is none: the sessions were validated
 */
export function collectDayDeltas(sessions: readonly Session[], indexes: readonly number[]): readonly DayDelta[] {
  const deltas: GrowingDelta[] = [];
  /** Where the days of the user at hand begin in `deltas`, and, once there are several, each one's place. */
  let firstOfUser = 0;
  let places: Map<LocalDay, number> | undefined;
  let userId: string | undefined;

  function find(day: LocalDay): GrowingDelta | undefined {
    if (places !== undefined) return deltas[places.get(day) ?? -1];
    const only = deltas[firstOfUser];
    return only?.day === day ? only : undefined;
  }

  function append(delta: GrowingDelta): void {
    deltas.push(delta);
    const ofUser = deltas.length - firstOfUser;
    if (ofUser === 2) places = new Map([[(deltas[firstOfUser] as GrowingDelta).day, firstOfUser]]);
    places?.set(delta.day, deltas.length - 1);
  }

  function endUser(): void {
    if (places !== undefined) {
      const sorted = deltas.slice(firstOfUser).sort((one, other) => one.day - other.day);
      for (const [offset, delta] of sorted.entries()) deltas[firstOfUser + offset] = delta;
    }
    firstOfUser = deltas.length;
    places = undefined;
  }

  let index = 0;
  let session: Session | undefined;

  function addShare(day: LocalDay, milliseconds: number): void {
    if (session === undefined) return;
    const delta = find(day);
    if (delta === undefined) {
      append({ userId: session.userId, day, addedMs: milliseconds, latest: session, latestIndex: index });
      return;
    }
    delta.shares ??= [{ index: delta.latestIndex, milliseconds: delta.addedMs }];
    delta.shares.push({ index, milliseconds });
    delta.addedMs += milliseconds;
    if (isLater(session, delta.latest)) {
      delta.latest = session;
      delta.latestIndex = index;
    }
  }

  for (index of indexes) {
    session = sessions[index] as Session;
    if (session.userId !== userId) {
      endUser();
      userId = session.userId;
    }
    splitAtLocalMidnights(session.startMs, session.endMs, requireZone(session.timezone), addShare);
  }
  endUser();
  return deltas;
}

/** The session that took a day over its target: the first, in record order, with which the running total reaches it. */
export function crossingIndex(
  { shares, latestIndex, addedMs }: DayDelta,
  totalBeforeMs: number,
  targetMs: number,
): number {
  if (totalBeforeMs + addedMs < targetMs) throw new RangeError('the day does not cross its target');
  if (shares === undefined) return latestIndex;
  let totalMs = totalBeforeMs;
  for (const { index, milliseconds } of shares.toSorted((one, other) => one.index - other.index)) {
    totalMs += milliseconds;
    if (totalMs >= targetMs) return index;
  }
  throw new RangeError('the shares of a day do not add up to what is added');
}

function isLater(one: Session, other: Session): boolean {
  return one.endMs === other.endMs ? compareUtf8(one.sessionId, other.sessionId) > 0 : one.endMs > other.endMs;
}

function requireZone(name: string): Zone {
  const zone = findZone(name);
  if (zone === undefined) throw new RangeError('a session reached the fold with a time zone that is none');
  return zone;
}
