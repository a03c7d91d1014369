import { randomBytes } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { kafkaBrokers, stackAddresses } from './stack-addresses';
import { waitFor } from './wait-for';

export interface FreshTopic {
  readonly topic: string;
  readonly partitions: number;
  drop(): Promise<void>;
}

export interface FreshTopicOptions {
  readonly partitions?: number;
  readonly brokers?: readonly string[];
  readonly prefix?: string;
  /** Added to, or replacing, `message.timestamp.type=LogAppendTime`. */
  readonly config?: Readonly<Record<string, string>>;
}

export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}

/** A topic that no other test knows, stamped with LogAppendTime as the real one is. */
export async function createFreshTopic({
  partitions = 1,
  brokers = kafkaBrokers(stackAddresses()),
  prefix = 'test',
  config = {},
}: FreshTopicOptions = {}): Promise<FreshTopic> {
  const topic = uniqueName(prefix);
  await createTopic(brokers, topic, partitions, config);
  return { topic, partitions, drop: () => withAdmin(brokers, (admin) => admin.deleteTopics({ topics: [topic] })) };
}

export async function createTopic(
  brokers: readonly string[],
  topic: string,
  partitions: number,
  config: Readonly<Record<string, string>> = {},
  replicationFactor = 1,
): Promise<void> {
  const entries = { 'message.timestamp.type': 'LogAppendTime', ...config };
  await withAdmin(brokers, async (admin) => {
    await admin.createTopics({
      waitForLeaders: false,
      topics: [
        {
          topic,
          numPartitions: partitions,
          replicationFactor,
          configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
        },
      ],
    });
    // kafkajs' own wait gives up where the broker it asks has not heard of the topic yet.
    await waitFor(() => hasLeaders(admin, topic), { description: `leaders of ${topic}`, intervalMs: 20 });
  });
}

async function hasLeaders(admin: Admin, topic: string): Promise<boolean> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0));
}

type Admin = ReturnType<Kafka['admin']>;

/** An admin client of its own, disconnected at the end. */
export async function withAdmin<T>(brokers: readonly string[], use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({ clientId: 'test-admin', brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}
