import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import { type LocalDay, parseIsoDate } from '@streaks/shared/domain/calendar/local-day';
import type { SettingsChange } from '@streaks/shared/domain/settings/settings-change';
import type { DayRange } from '@streaks/shared/domain/streaks/bridging';
import type { ReferenceChange, ReferenceRange, ReferenceUserEvent } from '@streaks/testing/reference/reference-event';

/** An event in the product's own terms: its dates are numbers of days. */
export function toUserEvent(event: ReferenceUserEvent): UserEventToSend {
  switch (event.kind) {
    case 'session':
      return { kind: 'session', ...event.session };
    case 'check-in':
      return { kind: 'check-in', ...event.checkIn };
    case 'settings':
      return { kind: 'settings', userId: event.userId, change: toSettingsChange(event.change) };
    default:
      return event;
  }
}

export function toSettingsChange({ effectiveFrom, pauses, ...others }: ReferenceChange): SettingsChange {
  return {
    ...others,
    effectiveFrom: requireDay(effectiveFrom),
    ...(pauses === undefined ? {} : { pauses: pauses === null ? null : pauses.map(toDayRange) }),
  };
}

const toDayRange = ({ first, last }: ReferenceRange): DayRange => ({
  first: requireDay(first),
  last: requireDay(last),
});

export function requireDay(text: string): LocalDay {
  const day = parseIsoDate(text);
  if (day === undefined) throw new RangeError(`${text} is no date`);
  return day;
}
