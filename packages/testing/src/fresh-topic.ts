import { randomBytes } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { kafkaBrokers, stackAddresses } from './stack-addresses';

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
  await withAdmin(brokers, (admin) =>
    admin.createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic,
          numPartitions: partitions,
          replicationFactor,
          configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
        },
      ],
    }),
  );
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
