import type { EnsuredTopic, TopicDefinition } from '@streaks/shared/kafka/topics';
import type { Admin } from 'kafkajs';

export interface OutputTopicsOptions {
  readonly streakChanges: string;
  readonly userStreaks: string;
  readonly deadLetters: string;
  /** The shards of the outbox: a shard's records go to the partition of its number. */
  readonly shardCount: number;
  readonly replicationFactor: number;
}

const TOPIC_CONFIG_RESOURCE = 2;
const MAX_MESSAGE_BYTES = 'max.message.bytes';
/** Kafka's own default, for a broker that does not tell. */
const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
/** Room for the headers that a dead letter has beside its original bytes. */
const DEAD_LETTER_HEADROOM_BYTES = 65_536;
const RETENTION_MS = 30 * 86_400_000;

/** The topics that the outbox is published to. */
export function outputTopics(options: OutputTopicsOptions, inputMaxMessageBytes: number): readonly TopicDefinition[] {
  const { shardCount: partitions, replicationFactor } = options;
  const kept = { 'cleanup.policy': 'delete', 'retention.ms': String(RETENTION_MS) };
  return [
    { topic: options.streakChanges, partitions, replicationFactor, config: kept },
    { topic: options.userStreaks, partitions, replicationFactor, config: { 'cleanup.policy': 'compact' } },
    {
      topic: options.deadLetters,
      partitions,
      replicationFactor,
      config: { ...kept, [MAX_MESSAGE_BYTES]: String(inputMaxMessageBytes + DEAD_LETTER_HEADROOM_BYTES) },
    },
  ];
}

/** The largest record that any of the input topics takes. */
export async function readMaxMessageBytes(admin: Admin, topics: readonly string[]): Promise<number> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: TOPIC_CONFIG_RESOURCE, name, configNames: [MAX_MESSAGE_BYTES] })),
  });
  return Math.max(
    ...resources.map(({ configEntries }) => Number(configEntries[0]?.configValue ?? DEFAULT_MAX_MESSAGE_BYTES)),
  );
}

/**
 * A topic with another number of partitions than the outbox has shards cannot take them: records would be missing
 * partitions, or those of a key would be looked for in another one.
 * @throws one line for the first topic that does not fit
 */
export function assertOutputTopics(ensured: readonly EnsuredTopic[], options: OutputTopicsOptions): void {
  for (const { topic, partitions } of ensured) {
    if (topic !== options.deadLetters && partitions !== options.shardCount) {
      throw new Error(
        `topic ${topic} has ${partitions} partitions and the outbox ${options.shardCount} shards: delete the topic, or name another one`,
      );
    }
  }
}
