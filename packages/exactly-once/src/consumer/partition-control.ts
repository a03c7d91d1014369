import type { Consumer } from 'kafkajs';
import type { PartitionControl } from '../assignment/assignment';

/**
 * Pausing and seeking on one consumer. kafkajs throws from both once the consumer has stopped or crashed, and a fence is
 * most often lost just then: its partitions end with it, so there is nothing left to pause and nothing to say.
 */
export function createPartitionControl(
  consumer: Pick<Consumer, 'pause' | 'resume' | 'seek'>,
  topic: string,
): PartitionControl {
  const whileRunning = (act: () => void) => {
    try {
      act();
    } catch (error) {
      if (!isStopped(error)) throw error;
    }
  };
  return {
    pause: (partitions) => whileRunning(() => consumer.pause([{ topic, partitions: [...partitions] }])),
    resumeAt: (partition, offset) =>
      whileRunning(() => {
        consumer.seek({ topic, partition, offset: offset.toString() });
        consumer.resume([{ topic, partitions: [partition] }]);
      }),
  };
}

const isStopped = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('Consumer group was not initialized');
