import type { ReliableProducer, ReliableProducerStats } from '@streaks/shared/kafka/producer/reliable-producer';

/** One for each topic, named by what it carries: what users do, settings of organisations, friendships. */
export type TopicProducers = Readonly<Record<'users' | 'organisations' | 'friendships', ReliableProducer>>;

/** Figures of all producers together. */
export function statsOf(producers: TopicProducers): ReliableProducerStats {
  const all = Object.values(producers).map((producer) => producer.stats());
  const sum = (read: (stats: ReliableProducerStats) => number) => all.reduce((total, stats) => total + read(stats), 0);
  return {
    bufferedRecords: sum((stats) => stats.bufferedRecords),
    bufferedBytes: sum((stats) => stats.bufferedBytes),
    acknowledged: sum((stats) => stats.acknowledged),
    rejected: sum((stats) => stats.rejected),
    batches: sum((stats) => stats.batches),
    failedAttempts: sum((stats) => stats.failedAttempts),
    producersCreated: sum((stats) => stats.producersCreated),
  };
}

/**
 * `down` while what users do cannot be published; `degraded` while only another topic is unwell, whose routes answer 503.
 */
export function kafkaState({ users, ...others }: TopicProducers, areTopicsReady: boolean): 'up' | 'degraded' | 'down' {
  const isReady = (producer: ReliableProducer) => producer.health().state === 'ready';
  if (!areTopicsReady || !isReady(users)) return 'down';
  return Object.values(others).every(isReady) ? 'up' : 'degraded';
}

/** Sends what waits in every producer and rejects what is not acknowledged by the deadline. */
export async function closeProducers(producers: TopicProducers, deadlineMs: number): Promise<void> {
  await Promise.all(Object.values(producers).map((producer) => producer.close({ deadlineMs })));
}
