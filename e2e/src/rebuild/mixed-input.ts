import type { ReferenceRecord } from '@streaks/testing/reference/reference-event';
import { referenceLog } from '@streaks/testing/reference/reference-log';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { readBoards } from '../fault-suite/check/collect/read-boards';
import { readEvents } from '../fault-suite/check/collect/read-events';
import { readOutbox } from '../fault-suite/check/collect/read-outbox';
import { readRedisStates, readStreaks } from '../fault-suite/check/collect/read-states';
import type { CollectedRun } from '../fault-suite/check/collected-run';
import { type Expectation, expectationOf, REFERENCE_TARGETS } from '../fault-suite/check/expectation';
import { describeFaults } from '../fault-suite/check/fault';
import { readSentLog } from '../fault-suite/check/read-sent-log';
import { boardFaults } from '../fault-suite/check/stored/board-faults';
import { eventFaults, peopleFaults } from '../fault-suite/check/stored/event-faults';
import { letterFaults } from '../fault-suite/check/stored/outbox-faults';
import { streakFaults } from '../fault-suite/check/stored/streak-faults';
import { untilAtRest, untilRanked } from '../fault-suite/cluster/until-at-rest';
import { createFeed, type Feed } from '../fault-suite/input/feed';
import { generateChunks } from '../fault-suite/input/generate-chunks';
import type { ChunkOptions } from '../fault-suite/input/input-event';
import { createChunkSender } from '../fault-suite/input/send-chunks';

/** Every kind of event on all three topics, and what must have become of them. */
export interface MixedInput {
  readonly feed: Feed;
  /** Until all that was sent is applied, evaluated, projected, published and ranked. */
  settle(): Promise<void>;
  /** By the reference, of all that was sent; `others`: records beside those of the input. */
  expectation(others: readonly ReferenceRecord[]): Promise<Expectation>;
  /** What is not as it must be, at rest. */
  faults(expected: Expectation): Promise<readonly string[]>;
  close(): Promise<void>;
}

const REST_TIMEOUT_MS = 120_000;
const RANK_TIMEOUT_MS = 60_000;

export async function createMixedInput(pipeline: Pipeline, options: ChunkOptions): Promise<MixedInput> {
  const { pool, brokers, otherInputTopics } = pipeline;
  const topics = { users: pipeline.topic, ...otherInputTopics };
  const sender = await createChunkSender({
    brokers,
    registryUrl: pipeline.environment['SCHEMA_REGISTRY_URL'] ?? '',
    topics,
    name: `${pipeline.groupId}-input`,
  });
  const feed = createFeed(generateChunks(options), sender);
  return {
    feed,
    async settle() {
      await untilAtRest(pipeline, REST_TIMEOUT_MS);
      await untilRanked(pipeline, RANK_TIMEOUT_MS);
    },
    async expectation(others) {
      const log = await readSentLog(brokers, topics);
      const expected = expectationOf({ options, chunks: feed.chunks(), log });
      const { users } = referenceLog(others, REFERENCE_TARGETS);
      return { ...expected, world: { ...expected.world, users: new Map([...expected.world.users, ...users]) } };
    },
    async faults(expected) {
      const run: CollectedRun = {
        ...(await readEvents(pool)),
        streaks: await readStreaks(pool),
        ...(await readOutbox(pool)),
        redis: await readRedisStates(pipeline),
        boards: await readBoards(pipeline),
        boardsReadAtMs: Date.now(),
        published: { changes: {}, states: [], letters: [] },
      };
      return describeFaults([
        ...eventFaults(run, expected),
        ...peopleFaults(run, expected),
        ...streakFaults(run, expected),
        ...letterFaults(run.letters, expected),
        ...boardFaults(run),
      ]);
    },
    close: () => sender.close(),
  };
}
