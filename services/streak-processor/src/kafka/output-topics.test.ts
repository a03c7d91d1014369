import { assertOutputTopics, type OutputTopicsOptions, outputTopics } from './output-topics';

const options: OutputTopicsOptions = {
  streakChanges: 'streak-changes',
  userStreaks: 'user-streaks',
  deadLetters: 'dead-letters',
  shardCount: 12,
  replicationFactor: 3,
};
const ensured = (partitions: Readonly<Record<string, number>>) =>
  Object.entries(partitions).map(([topic, count]) => ({
    topic,
    outcome: 'existing' as const,
    partitions: count,
    expectedPartitions: 12,
    differences: [],
  }));

describe('the output topics', () => {
  it('have a partition for each shard, and dead letters room for their headers', () => {
    const [changes, states, letters] = outputTopics(options, 1_000_000);
    expect([changes?.partitions, states?.partitions, letters?.partitions]).toEqual([12, 12, 12]);
    expect(states?.config).toEqual({ 'cleanup.policy': 'compact' });
    expect(letters?.config).toMatchObject({ 'cleanup.policy': 'delete', 'max.message.bytes': '1065536' });
  });

  it('are refused, in one line, when those keyed by shard have another number of partitions', () => {
    assertOutputTopics(ensured({ 'streak-changes': 12, 'user-streaks': 12, 'dead-letters': 3 }), options);
    expect(() => assertOutputTopics(ensured({ 'streak-changes': 12, 'user-streaks': 6 }), options)).toThrow(
      /^topic user-streaks has 6 partitions and the outbox 12 shards: .+$/,
    );
  });
});
