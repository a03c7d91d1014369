import type { Admin } from 'kafkajs';
import {
  ensureTopics,
  friendshipEventsTopic,
  organisationEventsTopic,
  sessionEventsTopic,
  type TopicDefinition,
} from './topics';

const DEFINITION: TopicDefinition = sessionEventsTopic({ topic: 'events', partitions: 2, replicationFactor: 3 });

class KafkaProtocolError extends Error {
  constructor(readonly type: string) {
    super(type);
  }
}

type Metadata = Awaited<ReturnType<Admin['fetchTopicMetadata']>>;

/** An admin of a cluster that tells of the topic what each step says; the last step is repeated. */
function fakeAdmin(steps: readonly (readonly number[] | Error)[], existing: readonly string[] = []) {
  const created: unknown[] = [];
  let at = 0;
  const admin: Pick<Admin, 'listTopics' | 'createTopics' | 'fetchTopicMetadata' | 'describeConfigs'> = {
    listTopics: async () => [...existing],
    createTopics: async ({ topics }) => created.push(...topics) > 0,
    fetchTopicMetadata: async () => {
      const leaders = steps[Math.min(at, steps.length - 1)] ?? [];
      at += 1;
      if (leaders instanceof Error) throw leaders;
      const partitions = leaders.map((leader, partitionId) => ({
        partitionErrorCode: 0,
        partitionId,
        leader,
        replicas: [],
        isr: [],
      }));
      return { topics: [{ name: 'events', partitions }] } satisfies Metadata;
    },
    describeConfigs: async () => ({ resources: [], throttleTime: 0 }),
  };
  return { admin: admin as Admin, created, asked: () => at };
}

function ensure(admin: Admin, timeoutMs = 5000) {
  return ensureTopics(admin, [DEFINITION], { timeoutMs, now: () => performance.now() });
}

it('waits through unknown topics and missing leaders', async () => {
  const { admin, created, asked } = fakeAdmin([
    new KafkaProtocolError('UNKNOWN_TOPIC_OR_PARTITION'),
    [],
    [1, -1],
    [1, 2],
  ]);
  await expect(ensure(admin)).resolves.toEqual([
    { topic: 'events', outcome: 'created', partitions: 2, expectedPartitions: 2, differences: [] },
  ]);
  expect(asked()).toBe(4);
  expect(created).toMatchObject([{ topic: 'events', numPartitions: 2, replicationFactor: 3 }]);
});

it('ends with the topics that have no leader, or with what brokers refuse', async () => {
  await expect(ensure(fakeAdmin([[1, -1]]).admin, 50)).rejects.toThrow('no leaders after 50 ms: events');
  const refused = new KafkaProtocolError('TOPIC_AUTHORIZATION_FAILED');
  await expect(ensure(fakeAdmin([refused]).admin)).rejects.toBe(refused);
});

it('creates nothing that is there', async () => {
  const { admin, created } = fakeAdmin([[1, 1, 1]], ['events']);
  const [found] = await ensure(admin);
  expect(found).toMatchObject({ outcome: 'existing', partitions: 3, expectedPartitions: 2 });
  expect(created).toEqual([]);
});

it('defines input topics whose records get the time of the broker and stay', () => {
  const definitions = [sessionEventsTopic(), organisationEventsTopic(), friendshipEventsTopic({ partitions: 3 })];
  expect(definitions.map(({ topic, partitions }) => [topic, partitions])).toEqual([
    ['session-events', 12],
    ['organisation-events', 4],
    ['friendship-events', 3],
  ]);
  for (const { config, replicationFactor } of definitions) {
    expect(config).toMatchObject({ 'message.timestamp.type': 'LogAppendTime', 'retention.ms': '-1' });
    expect(replicationFactor).toBe(-1);
  }
});
