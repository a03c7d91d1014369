import type { SettingsOf } from '@streaks/shared/config/define-settings';
import type { settings } from '../settings';
import type { PublisherConfig } from './publisher-connections';
import { type RegisterSchemasOptions, registerOutputSchemas } from './register-schemas';

export interface PreparePublisherOptions extends RegisterSchemasOptions {
  readonly config: SettingsOf<typeof settings>;
  readonly generation: bigint;
  readonly deadLetterPartitions: number;
}

/**
 * What the publisher is to be told, once the registry has its schemas. Undefined when nothing is to be published, or it was
 * ended before.
 */
export async function preparePublisher(options: PreparePublisherOptions): Promise<PublisherConfig | undefined> {
  const { config, generation, deadLetterPartitions } = options;
  if (!config.PUBLISH) return undefined;
  const schemas = await registerOutputSchemas(options);
  if (schemas === undefined) return undefined;
  return {
    databaseUrl: config.DATABASE_URL,
    databaseRole: config.DATABASE_ROLE,
    brokers: config.KAFKA_BROKERS,
    groupId: config.RELAY_GROUP_ID,
    transactionTimeoutMs: config.RELAY_TRANSACTION_TIMEOUT_MS,
    places: {
      streakChanges: config.STREAK_CHANGES_TOPIC,
      userStreaks: config.USER_STREAKS_TOPIC,
      deadLetters: config.DEAD_LETTERS_TOPIC,
      deadLetterPartitions,
      ...schemas,
      generation,
    },
    logLevel: config.LOG_LEVEL,
    failpoints: config.FAILPOINTS,
  };
}
