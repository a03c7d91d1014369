import type { Admin } from 'kafkajs';

export interface TopicDefinition {
  readonly topic: string;
  readonly partitions: number;
  /** -1: the broker's default. */
  readonly replicationFactor: number;
  /** Topic settings by their Kafka names. */
  readonly config: Readonly<Record<string, string>>;
}

/** Of a topic that the processor reads. */
export interface InputTopicOptions {
  readonly topic?: string;
  readonly partitions?: number;
  readonly replicationFactor?: number;
  /** -1 keeps records for ever. */
  readonly retentionMs?: number;
  readonly maxMessageBytes?: number;
}

export type TopicOutcome = 'created' | 'existing';

export interface EnsuredTopic {
  readonly topic: string;
  readonly outcome: TopicOutcome;
  /** What the topic has; an existing topic is never changed. */
  readonly partitions: number;
  readonly expectedPartitions: number;
  /** Settings of an existing topic that are not those defined: `name=actual (expected)`. */
  readonly differences: readonly string[];
}

export interface EnsureTopicsOptions {
  readonly timeoutMs: number;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

export const SESSION_EVENTS_TOPIC = 'session-events';
export const ORGANISATION_EVENTS_TOPIC = 'organisation-events';
export const FRIENDSHIP_EVENTS_TOPIC = 'friendship-events';
export const DEFAULT_PARTITIONS = 12;
/** Organisations are few and their settings seldom change. */
export const DEFAULT_ORGANISATION_PARTITIONS = 4;
const POLL_MS = 100;
const TOPIC_CONFIG_RESOURCE = 2;

/** Everything that users do, keyed by user id: sessions, check-ins, retractions, settings, erasures. */
export function sessionEventsTopic(options: InputTopicOptions = {}): TopicDefinition {
  return inputTopic({ topic: SESSION_EVENTS_TOPIC, partitions: DEFAULT_PARTITIONS, ...options });
}

/** Settings of organisations, keyed by organisation id. */
export function organisationEventsTopic(options: InputTopicOptions = {}): TopicDefinition {
  return inputTopic({ topic: ORGANISATION_EVENTS_TOPIC, partitions: DEFAULT_ORGANISATION_PARTITIONS, ...options });
}

/** Friends added and removed, keyed by the id of the user who did it. */
export function friendshipEventsTopic(options: InputTopicOptions = {}): TopicDefinition {
  return inputTopic({ topic: FRIENDSHIP_EVENTS_TOPIC, partitions: DEFAULT_PARTITIONS, ...options });
}

/**
 * LogAppendTime, because "in the future" is judged against the record's timestamp: with the producer's own clock in it a
 * wrong clock would decide, and a replay could not decide alike. An erasure reaches back to its record's timestamp too.
 */
function inputTopic(
  options: InputTopicOptions & Required<Pick<InputTopicOptions, 'topic' | 'partitions'>>,
): TopicDefinition {
  return {
    topic: options.topic,
    partitions: options.partitions,
    replicationFactor: options.replicationFactor ?? -1,
    config: {
      'cleanup.policy': 'delete',
      'message.timestamp.type': 'LogAppendTime',
      'retention.ms': String(options.retentionMs ?? -1),
      'max.message.bytes': String(options.maxMessageBytes ?? 1_048_588),
    },
  };
}

/**
 * Creates the topics that are not there and waits until every partition has a leader. Safe when several processes do it
 * at once. An existing topic is left as it is, whatever its partition count; the result tells. Throws when brokers
 * refuse or leaders do not appear in time.
 */
export async function ensureTopics(
  admin: Admin,
  definitions: readonly TopicDefinition[],
  options: EnsureTopicsOptions,
): Promise<readonly EnsuredTopic[]> {
  const existing = new Set(await admin.listTopics());
  const created = new Set<string>();
  for (const definition of definitions) {
    if (!existing.has(definition.topic) && (await create(admin, definition, options.timeoutMs))) {
      created.add(definition.topic);
    }
  }
  const counts = await waitForLeaders(admin, definitions, options);
  return await Promise.all(
    definitions.map(async (definition) => ({
      topic: definition.topic,
      outcome: created.has(definition.topic) ? ('created' as const) : ('existing' as const),
      partitions: counts.get(definition.topic) ?? 0,
      expectedPartitions: definition.partitions,
      differences: created.has(definition.topic) ? [] : await configDifferences(admin, definition),
    })),
  );
}

/** False if another process was faster. */
async function create(admin: Admin, definition: TopicDefinition, timeoutMs: number): Promise<boolean> {
  return await admin.createTopics({
    waitForLeaders: false,
    timeout: timeoutMs,
    topics: [
      {
        topic: definition.topic,
        numPartitions: definition.partitions,
        replicationFactor: definition.replicationFactor,
        configEntries: Object.entries(definition.config).map(([name, value]) => ({ name, value })),
      },
    ],
  });
}

/** Partition counts by topic, once all of them have leaders. */
async function waitForLeaders(
  admin: Admin,
  definitions: readonly TopicDefinition[],
  { timeoutMs, now }: EnsureTopicsOptions,
): Promise<ReadonlyMap<string, number>> {
  const names = definitions.map(({ topic }) => topic);
  const deadline = now() + timeoutMs;
  for (;;) {
    const pending = await leaderless(admin, names);
    if (pending instanceof Map) return pending;
    if (now() >= deadline) throw new Error(`no leaders after ${timeoutMs} ms: ${pending}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Partition counts by topic if every partition has a leader, else what is missing. */
async function leaderless(admin: Admin, names: string[]): Promise<ReadonlyMap<string, number> | string> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: names });
    const missing = topics.filter(
      ({ partitions }) => partitions.length === 0 || partitions.some(({ leader }) => leader < 0),
    );
    if (missing.length > 0 || topics.length < names.length) return missing.map(({ name }) => name).join(', ');
    return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
  } catch (error) {
    // Right after its creation a broker may not know the topic yet, or knows it without leaders.
    if (isNotThereYet(error)) return `${names.join(', ')} (${error.message})`;
    throw error;
  }
}

function isNotThereYet(error: unknown): error is Error {
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  return type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE';
}

async function configDifferences(admin: Admin, { topic, config }: TopicDefinition): Promise<readonly string[]> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: TOPIC_CONFIG_RESOURCE, name: topic, configNames: Object.keys(config) }],
  });
  const actual = new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  return Object.entries(config)
    .filter(([name, expected]) => actual.get(name) !== expected)
    .map(([name, expected]) => `${name}=${actual.get(name)} (${expected})`);
}
