import { createTopic, withAdmin } from '@streaks/testing/fresh-topic';
import { waitFor } from '@streaks/testing/wait-for';
import { withProducer } from '../../producers/raw-producer';
import { dailySession, toMessage } from '../../producers/session-factory';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage/open-stage';
import { runPartitions } from '../stage/run-partitions';

const LOAD = { records: 2_000, users: 200, durationMs: 60_000 };
const BEYOND_ALL = '9000000000';

export const resetOffsets: Scenario = {
  name: 'offsets-reset',
  about: "the group's offsets are set to 0 and beyond the end, while it works and while it is stopped: without effect",
  run: async ({ openStage }) => {
    const stage = await openStage();
    stage.startLoad(LOAD);
    await stage.recover('the start');
    for (const offset of ['0', BEYOND_ALL]) {
      await overwriteWhileActive(stage, offset);
      await stage.processors[0]?.kill('SIGKILL');
      await stage.addProcessor();
      await stage.recover(`offset ${offset} for every partition, from a stranger, and a new owner`);
    }
    for (const offset of ['0', BEYOND_ALL]) {
      await stage.stopProcessors();
      await withAdmin(stage.brokers, (admin) =>
        admin.setOffsets({ groupId: stage.groupId, topic: stage.topic, partitions: everyPartition(stage, offset) }),
      );
      await Promise.all([stage.addProcessor(), stage.addProcessor()]);
      await stage.recover(`offset ${offset} for every partition, from an administrator`);
    }
    await stage.finish();
  },
};

const everyPartition = ({ partitions }: Stage, offset: string) =>
  Array.from({ length: partitions }, (_, partition) => ({ partition, offset }));

/** The way in that needs no member: offsets in a transaction, which the coordinator takes from anybody in these versions. */
async function overwriteWhileActive(stage: Stage, offset: string): Promise<void> {
  await withProducer(
    stage.brokers,
    async (producer) => {
      const transaction = await producer.transaction();
      const note = dailySession('stranger', Number(offset.slice(0, 1)));
      stage.note([note]);
      await transaction.send({ topic: stage.topic, messages: [toMessage(note)] });
      await transaction.sendOffsets({
        consumerGroupId: stage.groupId,
        topics: [{ topic: stage.topic, partitions: everyPartition(stage, offset) }],
      });
      await transaction.commit();
    },
    `${stage.topic}-stranger-${offset}`,
  );
}

export const addedPartitions: Scenario = {
  name: 'partitions-added',
  about: 'the input topic grows from 4 to 7 partitions under load',
  run: async ({ openStage }) => {
    const stage = await openStage();
    stage.startLoad(LOAD);
    await stage.recover('the start');
    await withAdmin(stage.brokers, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: stage.topic, count: 7 }] }),
    );
    for (const partition of [4, 5, 6]) await stage.sendSessions(partition, [dailySession(`new-${partition}`, 0)]);
    await stage.recover('the first records in new partitions');
    await stage.finish();
  },
};

export const lostInput: Scenario = {
  name: 'input-lost',
  about:
    'records are deleted before they were read, then the topic is made anew with more records: halts, each cured by its command',
  run: async ({ openStage, print }) => {
    const stage = await openStage({ partitions: 2, processors: 1 });
    const days = (user: string, from: number, to: number) =>
      Array.from({ length: to - from }, (_, n) => dailySession(user, from + n));
    await stage.sendSessions(0, days('zero', 0, 10));
    await stage.sendSessions(1, days('one', 0, 10));
    await stage.recover('the start');

    const { end } = await stopAndFindEnd(stage);
    // Nobody has read them when the first five are deleted: those are what the operator gives up.
    await stage.send(days('zero', 10, 20).map((session) => ({ ...toMessage(session), partition: 0 })));
    stage.note(days('zero', 15, 20));
    await withAdmin(stage.brokers, async (admin) => {
      await admin.fetchTopicOffsets(stage.topic); // kafkajs deletes only from topics whose metadata it has
      const partitions = [{ partition: 0, offset: String(end + 5) }];
      await admin.deleteTopicRecords({ topic: stage.topic, partitions });
    });
    await stage.addProcessor();
    await stage.sendSessions(1, days('one', 10, 20));
    await untilHalted(stage, 'POSITION_BELOW_LOG_START', 1);
    print(`  ${(await runPartitions(stage, 'accept-gap --partition 0')).stdout.trim().split('\n').at(-1)}`);
    await stage.recover('accept-gap');

    await stage.stopProcessors();
    await withAdmin(stage.brokers, (admin) => admin.deleteTopics({ topics: [stage.topic] }));
    await waitFor(() => createTopic(stage.brokers, stage.topic, 2, {}, 3).then(() => true), {
      description: 'the topic to be made again',
    });
    await stage.sendSessions(0, days('zero', 20, 60));
    await stage.sendSessions(1, days('one', 20, 60));
    await stage.addProcessor({ untilReady: false });
    await untilHalted(stage, 'TOPIC_RECREATED', 2);
    print(`  ${(await runPartitions(stage, 'adopt --all')).stdout.trim().split('\n').at(-1)}`);
    await stage.recover('adopt');
    await stage.finish();
  },
};

async function stopAndFindEnd(stage: Stage): Promise<{ end: number }> {
  await stage.stopProcessors();
  const ends = await withAdmin(stage.brokers, (admin) => admin.fetchTopicOffsets(stage.topic));
  return { end: Number(ends.find(({ partition }) => partition === 0)?.high) };
}

async function untilHalted({ pool }: Stage, reason: string, count: number): Promise<void> {
  await waitFor(
    async () =>
      (await pool.query('SELECT FROM partition_progress WHERE halt_reason = $1', [reason])).rowCount === count,
    { description: `${count} partitions to halt with ${reason}`, timeoutMs: 40_000 },
  );
}
