import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { createFriendshipEventDecoder } from '@streaks/shared/contracts/friendship-event-codec';
import { createOrganisationEventDecoder } from '@streaks/shared/contracts/organisation-event-codec';
import { createUserEventDecoder } from '@streaks/shared/contracts/user-event-codec';
import { fetchTopicId } from '@streaks/shared/kafka/topic-id/topic-id';
import { defaultTargets } from '../engines/default-targets';
import { createFriendshipsProjection } from '../friendships/create-friendships-projection';
import { createOrganisationsProjection } from '../organisations/create-organisations-projection';
import { createStreaksProjection } from '../projections/streaks/create-streaks-projection';
import type { InstallationSettings } from '../verify/installation';
import { rememberLosers } from './fresh/conflicts';
import { createFreshProjection, type FreshProjection } from './fresh/fresh-projection';
import type { RebuildInput } from './rebuild-input';

const METADATA_TIMEOUT_MS = 5_000;

/**
 * All topics that processors read, in the order of their replay: organisations come before their members, so that days are
 * judged by the right targets at once, and friendships after the erasures of users.
 */
export async function createInputs(config: InstallationSettings, name: string): Promise<readonly RebuildInput[]> {
  const projections: readonly (readonly [topic: string, projection: FreshProjection])[] = [
    [config.ORGANISATION_EVENTS_TOPIC, organisations(config, name)],
    [config.SESSION_EVENTS_TOPIC, streaks(config, name)],
    [config.FRIENDSHIP_EVENTS_TOPIC, friendships(config, name)],
  ];
  return await Promise.all(
    projections.map(async ([topic, projection]) => ({
      topic,
      topicId: await fetchTopicId({
        brokers: config.KAFKA_BROKERS,
        topic,
        clientId: name,
        timeoutMs: METADATA_TIMEOUT_MS,
      }),
      projection,
    })),
  );
}

const registryOf = (config: InstallationSettings, name: string): SchemaRegistry =>
  new SchemaRegistry({ host: config.SCHEMA_REGISTRY_URL, clientId: name });
const decoderOptions = { now: () => performance.now() };
const maxFutureMs = (config: InstallationSettings): number => config.MAX_FUTURE_SECONDS * 1_000;

function streaks(config: InstallationSettings, name: string): FreshProjection {
  const projection = createStreaksProjection({
    targets: defaultTargets(config),
    limits: { maxDurationMs: config.MAX_SESSION_SECONDS * 1_000, maxFutureMs: maxFutureMs(config) },
    generation: 0n, // its changes are not stored
    isShadow: true,
    decoder: createUserEventDecoder(registryOf(config, name), decoderOptions),
  });
  return createFreshProjection(projection, rememberLosers);
}

function organisations(config: InstallationSettings, name: string): FreshProjection {
  const decoder = createOrganisationEventDecoder(registryOf(config, name), decoderOptions);
  return createFreshProjection(createOrganisationsProjection({ decoder, maxFutureMs: maxFutureMs(config) }));
}

function friendships(config: InstallationSettings, name: string): FreshProjection {
  const decoder = createFriendshipEventDecoder(registryOf(config, name), decoderOptions);
  return createFreshProjection(
    createFriendshipsProjection({ decoder, maxFutureMs: maxFutureMs(config), isShadow: true }),
  );
}
