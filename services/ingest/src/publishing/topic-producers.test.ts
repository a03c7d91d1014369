import type { ReliableProducer, ReliableProducerHealth } from '@streaks/shared/kafka/producer/reliable-producer';
import { closeProducers, kafkaState, statsOf } from './topic-producers';

function producer(state: ReliableProducerHealth['state'], bufferedRecords = 0) {
  const closed: number[] = [];
  const fake: ReliableProducer = {
    send: () => Promise.reject(new Error('not here')),
    health: () => ({ state }),
    stats: () => ({
      bufferedRecords,
      bufferedBytes: 10 * bufferedRecords,
      acknowledged: 1,
      rejected: 2,
      batches: 3,
      failedAttempts: 4,
      producersCreated: 5,
    }),
    close: async ({ deadlineMs }) => void closed.push(deadlineMs),
  };
  return { ...fake, closed };
}

describe('the producers of all topics', () => {
  it.each([
    ['ready', 'ready', true, 'up'],
    ['ready', 'failing', true, 'degraded'],
    ['failing', 'ready', true, 'down'],
    ['starting', 'ready', true, 'down'],
    ['ready', 'ready', false, 'down'],
  ] as const)('that of users %s, another one %s, topics there: %s; together %s', (users, other, topics, state) => {
    const all = { users: producer(users), organisations: producer('ready'), friendships: producer(other) };
    expect(kafkaState(all, topics)).toBe(state);
  });

  it('have their figures added up and are closed together', async () => {
    const all = { users: producer('ready', 7), organisations: producer('ready', 2), friendships: producer('ready') };
    expect(statsOf(all)).toEqual({
      bufferedRecords: 9,
      bufferedBytes: 90,
      acknowledged: 3,
      rejected: 6,
      batches: 9,
      failedAttempts: 12,
      producersCreated: 15,
    });
    await closeProducers(all, 100);
    expect(Object.values(all).map(({ closed }) => closed)).toEqual([[100], [100], [100]]);
  });
});
