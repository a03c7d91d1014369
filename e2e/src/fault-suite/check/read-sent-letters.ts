import { EXPECTED_LETTER_HEADER } from '../input/send-chunks';
import { type ReadTopicOptions, readTopic } from './read-topic';

/**
 * Records in the log that must become dead letters, counted by `letterKey`. Asked of the log, and not of the sender: one that got no acknowledgement has sent
 * again, and only the log knows whether the first attempt is there too.
 */
export async function readSentLetters(options: ReadTopicOptions): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await readTopic(options, (_, { headers }) => {
    const key = headers?.[EXPECTED_LETTER_HEADER]?.toString();
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  return counts;
}
