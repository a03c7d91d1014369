import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { registerFriendshipEvents } from '@streaks/shared/contracts/friendship-event-codec';
import { registerOrganisationEvents } from '@streaks/shared/contracts/organisation-event-codec';
import { registerUserEvents } from '@streaks/shared/contracts/user-event-encoder';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { SettingsChange } from '@streaks/shared/domain/settings/settings-change';
import type { ReferenceChange, ReferenceEvent } from '@streaks/testing/reference/reference-event';
import { dayNumber } from '@streaks/testing/reference-fold';

/** Events in the Confluent wire format, by the product's own encoders. */
export type EventEncoder = (event: ReferenceEvent) => Buffer;

export async function createEventEncoder(registryUrl: string): Promise<EventEncoder> {
  const registry = new SchemaRegistry({ host: registryUrl });
  const [users, organisations, friendships] = await Promise.all([
    registerUserEvents(registry),
    registerOrganisationEvents(registry),
    registerFriendshipEvents(registry),
  ]);
  return (event) => {
    switch (event.kind) {
      case 'session':
        return users.encode({ kind: 'session', ...event.session });
      case 'check-in':
        return users.encode({ kind: 'check-in', ...event.checkIn });
      case 'settings':
        return users.encode({ kind: 'settings', userId: event.userId, change: toChange(event.change) });
      case 'organisation':
        return organisations.encode({
          kind: 'organisation-settings',
          organisationId: event.organisationId,
          change: toChange(event.change),
        });
      case 'friendship':
        return friendships.encode(event);
      default:
        return users.encode(event);
    }
  };
}

const localDay = (date: string): LocalDay => dayNumber(date) as LocalDay;

function toChange({ effectiveFrom, pauses, ...change }: ReferenceChange): SettingsChange {
  const days = pauses?.map(({ first, last }) => ({ first: localDay(first), last: localDay(last) }));
  return {
    ...change,
    effectiveFrom: localDay(effectiveFrom),
    ...(pauses === undefined ? {} : { pauses: days ?? null }),
  };
}
