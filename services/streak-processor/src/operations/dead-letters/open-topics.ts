import { createReliableProducer, type ReliableProducer } from '@streaks/shared/kafka/producer/reliable-producer';
import type { Connections } from '../command-line/connect';
import { RefusedError } from '../command-line/outcomes';
import type { PageLimits } from './read-pages';
import type { ReplayPorts } from './replay';

const CLOSE_DEADLINE_MS = 5_000;
/** A record may be as large as its topic takes: the broker says when one is larger. */
const MAX_RECORD_BYTES = 64 * 1024 * 1024;
const HEADER_ALLOWANCE_BYTES = 1_024;

export interface OpenTopics {
  readonly openTopic: ReplayPorts['openTopic'];
  close(): Promise<void>;
}

/** A reliable producer for each topic that is replayed to, with room for one page. */
export function createOpenTopics(
  { createKafka, fetchTopicId }: Pick<Connections, 'createKafka' | 'fetchTopicId'>,
  limits: PageLimits,
  options: { readonly deliveryTimeoutMs: number; readonly now: () => number },
): OpenTopics {
  const topics = new Map<string, ReturnType<ReplayPorts['openTopic']>>();

  async function open(topic: string): Promise<{ topicId: string; producer: ReliableProducer }> {
    const topicId = await fetchTopicId(topic).catch((error: Error) => {
      throw error.name === 'TopicMissingError' ? new RefusedError(error.message) : error;
    });
    const producer = createReliableProducer({
      createKafka,
      topic,
      attemptTimeoutMs: 10_000,
      maxBufferedRecords: limits.rows,
      maxBufferedBytes: limits.bytes + MAX_RECORD_BYTES + limits.rows * HEADER_ALLOWANCE_BYTES,
      maxRecordBytes: MAX_RECORD_BYTES,
      lingerMs: 1,
      maxBatchRecords: limits.rows,
      maxBatchBytes: 900_000,
      deliveryTimeoutMs: options.deliveryTimeoutMs,
      retryBackoffMs: 250,
      refreshMs: 60_000,
      now: options.now,
    });
    return { topicId, producer };
  }

  return {
    openTopic(topic) {
      const opened = topics.get(topic) ?? open(topic);
      topics.set(topic, opened);
      return opened;
    },
    async close() {
      for (const opened of topics.values()) {
        const topic = await opened.catch(() => undefined);
        await topic?.producer.close({ deadlineMs: CLOSE_DEADLINE_MS });
      }
    },
  };
}
