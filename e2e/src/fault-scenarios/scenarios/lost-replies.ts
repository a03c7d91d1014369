import { kafkaBrokers, type StackAddresses } from '@streaks/testing/stack-addresses';
import { waitFor } from '@streaks/testing/wait-for';
import { startCommitLosses } from '../proxy/commit-losses';
import { startKafkaProxy } from '../proxy/kafka-proxy';
import { type ApiName, createLossPlan } from '../proxy/loss-plan';
import type { Scenario, ScenarioContext } from '../scenario';
import { expectSameProcesses } from './brokers';

const CUTS = 8;

export const lostCommits: Scenario = {
  name: 'lost-commits',
  about: 'Postgres commits and the reply is lost, or the COMMIT is lost, time after time',
  run: async ({ openStage, print }) => {
    const stage = await openStage({ processors: 0 });
    const proxy = await startCommitLosses(stage.databaseUrl);
    try {
      await stage.addProcessor({ env: { DATABASE_URL: proxy.url } });
      stage.startLoad({ records: 3_000, users: 300, durationMs: 30_000 });
      await stage.recover('the start');
      for (const what of ['reply', 'request', 'reply'] as const) {
        const before = proxy.lost();
        proxy.lose(what, CUTS);
        await waitFor(() => proxy.lost() === before + CUTS, {
          description: `${CUTS} COMMITs to be cut`,
          timeoutMs: 60_000,
        });
        await stage.recover(`${CUTS} COMMITs without their ${what}`);
      }
      print(`  COMMITs lost: ${proxy.lost()}`);
      await stage.finish();
      expectSameProcesses(stage, 1);
      await stage.close();
    } finally {
      await proxy.close();
    }
  },
};

const APIS: readonly ApiName[] = [
  'Produce',
  'OffsetFetch',
  'InitProducerId',
  'AddOffsetsToTxn',
  'EndTxn',
  'TxnOffsetCommit',
];
const WAYS = APIS.flatMap((api) => [`${api} request lost`, `${api} reply lost`]);

export const lostKafkaReplies: Scenario = {
  name: 'lost-kafka-replies',
  about: `requests and replies of ${APIS.join(', ')} are lost by seed, the connection with them`,
  run: (context) =>
    loseKafkaReplies(
      { ...context, addresses: context.servers.addresses },
      { records: 6_000, durationMs: 60_000, leastLosses: 3 },
    ),
};

/** Until each kind was lost so often, in each way. */
export async function loseKafkaReplies(
  {
    openStage,
    addresses,
    random,
    print,
  }: Pick<ScenarioContext, 'openStage' | 'random' | 'print'> & { readonly addresses: StackAddresses },
  {
    records,
    durationMs,
    leastLosses,
  }: { readonly records: number; readonly durationMs: number; readonly leastLosses: number },
): Promise<void> {
  const proxy = await startKafkaProxy(kafkaBrokers(addresses));
  try {
    const stage = await openStage({ processors: 0 });
    const plan = createLossPlan({ random, share: 0.2, apis: APIS });
    for (let n = 0; n < 2; n += 1) await stage.addProcessor({ env: { KAFKA_BROKERS: proxy.brokers.join(',') } });
    stage.startLoad({ records, users: records / 10, durationMs });
    await stage.recover('the start');
    proxy.decideBy(plan.decide);
    await waitFor(
      () => {
        const rare = WAYS.filter((way) => (plan.losses.get(way) ?? 0) < leastLosses);
        if (rare.length === 0) return true;
        throw new Error(`not yet ${leastLosses} times: ${rare.join(', ')}`);
      },
      { description: 'every loss to have happened', timeoutMs: 180_000 },
    );
    plan.stop();
    print(`  lost: ${[...plan.losses].map(([what, count]) => `${what} ${count}`).join(', ')}`);
    await stage.recover('the last loss');
    await stage.finish();
    if (proxy.complaints.length > 0) throw new Error(`the proxy was at a loss: ${proxy.complaints.join('; ')}`);
    expectSameProcesses(stage, 2);
    await stage.close();
  } finally {
    await proxy.close();
  }
}
