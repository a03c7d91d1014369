import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { findZone, type Zone } from '@streaks/shared/domain/calendar/zone';
import type { RuleId } from '@streaks/shared/domain/rules';
import type { EventTable } from '../sql/event-table';

/** An event that adds to days of its user, which are those of its own zone. */
export interface AdditiveEvent {
  readonly userId: string;
  readonly timezone: string;
}

/** What feeds a rule: a kind of event, what each adds to which days, and the table that keeps them. */
export interface RuleSource<Event extends AdditiveEvent> {
  readonly ruleId: RuleId;
  readonly table: EventTable<Event>;
  /** How an event is refused whose id was taken by one with other content. */
  readonly conflict: { readonly reason: string; readonly detail: string };
  /** Unique among the user's events of this kind. */
  idOf(event: Event): string;
  /** Epoch milliseconds: of the events on a day the latest one's zone counts. */
  endOf(event: Event): number;
  /** Whether two events of one identity are a repeat rather than a conflict. */
  isRepeat(one: Event, other: Event): boolean;
  /**
   * Calls back for each day that the event counts on, ascending, with what it adds to it.
   * @throws RangeError for a time zone that is none: the events were validated
   */
  addToDays(event: Event, add: (day: LocalDay, amount: number) => void): void;
}

/** @throws RangeError where the name is none */
export function requireZone(name: string): Zone {
  const zone = findZone(name);
  if (zone === undefined) throw new RangeError('an event reached the fold with a time zone that is none');
  return zone;
}
