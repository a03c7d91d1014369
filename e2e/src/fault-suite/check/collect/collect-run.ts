import type { Pipeline } from '@streaks/testing/start-pipeline';
import type { CollectedRun } from '../collected-run';
import { readBoards } from './read-boards';
import { readEvents } from './read-events';
import { readOutbox } from './read-outbox';
import { type OutputTopics, readPublished } from './read-published';
import { readRedisStates, readStreaks } from './read-states';

export type CollectedFrom = Pick<Pipeline, 'pool' | 'redis' | 'redisKeyPrefix' | 'brokers' | 'environment'> & {
  readonly topics: OutputTopics;
};

/** Reads all that a run left behind. To be called at rest: everything applied, projected, ranked and published. */
export async function collectRun(from: CollectedFrom): Promise<CollectedRun> {
  const { pool } = from;
  return {
    ...(await readEvents(pool)),
    streaks: await readStreaks(pool),
    ...(await readOutbox(pool)),
    redis: await readRedisStates(from),
    boards: await readBoards(from),
    boardsReadAtMs: Date.now(),
    published: await readPublished({
      brokers: from.brokers,
      registryUrl: from.environment['SCHEMA_REGISTRY_URL'] ?? '',
      topics: from.topics,
    }),
  };
}
