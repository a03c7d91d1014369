import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import type { AdditiveEvent, RuleSource } from '../additive/rule-source';

/** An event's part of a day, in the unit of its rule; `index` is the event's place in the batch. */
interface Share {
  readonly index: number;
  readonly amount: number;
}

/** What a batch adds to one user's local day under a rule: milliseconds of `focus`, a number of check-ins of `activity`. */
export interface DayDelta {
  readonly userId: string;
  readonly day: LocalDay;
  readonly added: number;
  /** Of the batch's events on the day the one with the greatest end, then the greatest id, and its place. */
  readonly latestEndMs: number;
  readonly latestId: string;
  readonly latestTimezone: string;
  readonly latestIndex: number;
  /** Its parts in no order; absent where the latest event is the only one, as on most days. */
  readonly shares?: readonly Share[];
}

type GrowingDelta = { -readonly [Field in keyof DayDelta]: DayDelta[Field] } & { shares?: Share[] };

/**
 * The days of events that come sorted by the bytes of their user id; the days come sorted by user, then date, which is
 * the order in which their rows are locked.
 * @throws RangeError for a time zone that is none: the events were validated
 */
export function collectDayDeltas<Event extends AdditiveEvent>(
  source: Pick<RuleSource<Event>, 'idOf' | 'endOf' | 'addToDays'>,
  events: readonly Event[],
  indexes: Iterable<number> = events.keys(),
): readonly DayDelta[] {
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
  let event: Event | undefined;

  function addShare(day: LocalDay, amount: number): void {
    if (event === undefined) return;
    const delta = find(day);
    const endMs = source.endOf(event);
    const id = source.idOf(event);
    if (delta === undefined) {
      append({
        userId: event.userId,
        day,
        added: amount,
        latestEndMs: endMs,
        latestId: id,
        latestTimezone: event.timezone,
        latestIndex: index,
      });
      return;
    }
    delta.shares ??= [{ index: delta.latestIndex, amount: delta.added }];
    delta.shares.push({ index, amount });
    delta.added += amount;
    if (endMs > delta.latestEndMs || (endMs === delta.latestEndMs && compareUtf8(id, delta.latestId) > 0)) {
      delta.latestEndMs = endMs;
      delta.latestId = id;
      delta.latestTimezone = event.timezone;
      delta.latestIndex = index;
    }
  }

  for (index of indexes) {
    event = events[index] as Event;
    if (event.userId !== userId) {
      endUser();
      userId = event.userId;
    }
    source.addToDays(event, addShare);
  }
  endUser();
  return deltas;
}

/** The event that took a day over its target: the first, in record order, with which the running total reaches it. */
export function crossingIndex({ shares, latestIndex, added }: DayDelta, totalBefore: number, target: number): number {
  if (totalBefore + added < target) throw new RangeError('the day does not cross its target');
  if (shares === undefined) return latestIndex;
  let total = totalBefore;
  for (const { index, amount } of shares.toSorted((one, other) => one.index - other.index)) {
    total += amount;
    if (total >= target) return index;
  }
  throw new RangeError('the shares of a day do not add up to what is added');
}
