import { withAdmin } from '@streaks/testing/fresh-topic';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import type { Scenario } from '../scenario';

const BROKERS = ['kafka', 'kafka-2', 'kafka-3'] as const;
const INTERNAL_TOPICS = ['__consumer_offsets', '__transaction_state'];

/** Each broker is killed once, and so the controller, the group's coordinator, each transaction's coordinator and each leader. */
export const killedBrokers: Scenario = {
  name: 'brokers-killed',
  about: 'kill -9 of each of three brokers in turn, under load; nothing is restarted but the broker',
  run: async ({ openStage, servers: { stack } }) => {
    const stage = await openStage();
    stage.startLoad({ records: 8_000, users: 800, durationMs: 90_000 });
    await stage.recover('the start');
    for (const broker of BROKERS) {
      await untilReplicated(stage);
      stack.kill(broker, 'SIGKILL');
      await stage.recover(`kill -9 of ${broker}, which stays away`);
      await stack.restart(broker);
      await stage.recover(`its return`);
    }
    await stage.finish();
    expectSameProcesses(stage, 2);
  },
};

export const rollingRestart: Scenario = {
  name: 'brokers-rolling-restart',
  about: 'orderly restart of each of three brokers, under load',
  run: async ({ openStage, servers: { stack } }) => {
    const stage = await openStage();
    stage.startLoad({ records: 8_000, users: 800, durationMs: 90_000 });
    for (const broker of BROKERS) {
      await untilReplicated(stage);
      await stack.restart(broker);
      await stage.recover(`the restart of ${broker}`);
    }
    await stage.finish();
    expectSameProcesses(stage, 2);
  },
};

/** A second broker may only be taken once the first has caught up: two of three copies are what an acknowledgement promises. */
async function untilReplicated({ brokers, topic }: Pick<Pipeline, 'brokers' | 'topic'>): Promise<void> {
  await waitFor(
    () =>
      withAdmin(brokers, async (admin) => {
        const present = (await admin.listTopics()).filter((name) => INTERNAL_TOPICS.includes(name));
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic, ...present] });
        return topics.every(({ partitions }) => partitions.every(({ isr }) => isr.length === BROKERS.length));
      }),
    { description: 'every partition to be on every broker', timeoutMs: 60_000, intervalMs: 250 },
  );
}

/** A processor that ended, if only to be started again by its supervisor, did not survive. */
export function expectSameProcesses(stage: Pick<Pipeline, 'processors'>, count: number): void {
  if (stage.processors.length !== count) throw new Error(`${stage.processors.length} of ${count} processors are left`);
}
