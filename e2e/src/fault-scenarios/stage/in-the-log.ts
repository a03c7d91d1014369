import type { ReferenceSession } from '@streaks/testing/reference-fold';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { readTopic } from '../../fault-suite/check/read-topic';

/** How many of the sessions have a record in the input, by their ids in its bytes: what is not there was lost before it came to us. */
export async function countInTheLog(
  { brokers, topic }: Pick<Pipeline, 'brokers' | 'topic'>,
  sessions: readonly ReferenceSession[],
): Promise<number> {
  const missing = new Set(sessions.map(({ sessionId }) => sessionId));
  await readTopic({ brokers, topic }, (_, { value }) => {
    for (const id of missing) if (value?.includes(id)) missing.delete(id);
  });
  return sessions.length - missing.size;
}
