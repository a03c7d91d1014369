import type { SpawnedService } from '@streaks/testing/spawn-service';
import { waitFor } from '@streaks/testing/wait-for';
import { readMetric } from '../../http/read-metric';
import { startKafkaProxy } from '../proxy/kafka-proxy';
import { startUrlProxy } from '../proxy/tcp-proxy';
import type { Scenario } from '../scenario';
import { RECOVERY_LIMIT_MS } from '../stage/recovery';
import { expectSameProcesses } from './brokers';

const WAYS = [['down'], ['up'], ['up', 'down']] as const;

/** Partitioned from Kafka but not from Postgres, and the reverse: the hardest, since half of the process believes that all is well. */
export const partitioned: Scenario = {
  name: 'partitioned',
  about: 'one of two processors is cut off from Kafka, then from Postgres, in one direction or both, and comes back',
  run: async ({ openStage, servers: { addresses }, print }) => {
    const stage = await openStage({ processors: 1 });
    const kafka = await startKafkaProxy(addresses.KAFKA_BROKERS.split(','));
    const postgres = await startUrlProxy(stage.databaseUrl);
    try {
      const victim = await stage.addProcessor({
        env: { KAFKA_BROKERS: kafka.brokers.join(','), DATABASE_URL: postgres.url },
      });
      stage.startLoad({ records: 6_000, users: 600, durationMs: 150_000 });
      await stage.recover('the start');
      for (const directions of WAYS) {
        for (const [server, wire] of [
          ['Kafka', kafka],
          ['Postgres', postgres],
        ] as const) {
          print(`  it had partitions again after ${await untilActive(victim, stage.topic)} s`);
          wire.silence(...directions);
          await stage.recover(`${server} fell silent for one, ${directions.join(' and ')}`);
          wire.heal();
          await stage.recover('it was heard again');
        }
      }
      await stage.finish();
      if (kafka.complaints.length > 0) throw new Error(`the proxy was at a loss: ${kafka.complaints.join('; ')}`);
      expectSameProcesses(stage, 2);
      await stage.close();
    } finally {
      await kafka.close();
      await postgres.close();
    }
  },
};

/** Seconds until the processor works a partition: before that there is nothing to cut it off from. */
async function untilActive(processor: SpawnedService, topic: string): Promise<string> {
  const startedMs = performance.now();
  await waitFor(() => readMetric(processor, 'streaks_processor_assigned_partitions', { topic, state: 'active' }), {
    description: 'the processor to work a partition',
    timeoutMs: RECOVERY_LIMIT_MS,
    intervalMs: 100,
  });
  return ((performance.now() - startedMs) / 1_000).toFixed(1);
}
