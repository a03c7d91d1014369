import type { FriendshipEventToSend } from '@streaks/shared/contracts/friendship-event-codec';
import type { OrganisationEventToSend } from '@streaks/shared/contracts/organisation-event-codec';
import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import type { Encoders } from './connect-publishing';
import { createEventPublisher, type EventPublisher, type EventPublisherOptions } from './event-publisher';
import type { TopicProducers } from './topic-producers';

/** By what they publish, each to a topic of its own. */
export type Publishers = {
  readonly users: EventPublisher<UserEventToSend>;
  readonly organisations: EventPublisher<OrganisationEventToSend>;
  readonly friendships: EventPublisher<FriendshipEventToSend>;
};

export type CreatePublishersOptions = Pick<
  EventPublisherOptions<never>,
  'refuseAfterMs' | 'monotonicMs' | 'observePublishSeconds'
> & {
  readonly producers: TopicProducers;
  /** Undefined until the schema registry has answered for the first time. */
  readonly encoders: () => Encoders | undefined;
};

export function createPublishers({ producers, encoders, ...options }: CreatePublishersOptions): Publishers {
  return {
    users: createEventPublisher({
      ...options,
      producer: producers.users,
      encoder: () => encoders()?.users,
      keyOf: ({ userId }) => userId,
    }),
    organisations: createEventPublisher({
      ...options,
      producer: producers.organisations,
      encoder: () => encoders()?.organisations,
      keyOf: ({ organisationId }) => organisationId,
    }),
    friendships: createEventPublisher({
      ...options,
      producer: producers.friendships,
      encoder: () => encoders()?.friendships,
      keyOf: ({ userId }) => userId,
    }),
  };
}
