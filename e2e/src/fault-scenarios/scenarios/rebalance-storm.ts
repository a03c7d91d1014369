import { setTimeout as delay } from 'node:timers/promises';
import { startKafkaProxy } from '../proxy/kafka-proxy';
import { API_KEYS } from '../proxy/loss-plan';
import type { Scenario } from '../scenario';

const STORM_MS = 60_000;
const HEARTBEAT_DELAY_MS = 3_000;

export const rebalanceStorm: Scenario = {
  name: 'rebalance-storm',
  about: 'processors join and leave every 2 to 5 s for a minute, in order or not, with heartbeats delayed',
  run: async ({ openStage, servers: { addresses }, random, print }) => {
    const proxy = await startKafkaProxy(addresses.KAFKA_BROKERS.split(','));
    proxy.decideBy(({ apiKey }) =>
      apiKey === API_KEYS.Heartbeat && random() < 0.5 ? { delayMs: HEARTBEAT_DELAY_MS } : 'passes',
    );
    try {
      const stage = await openStage({ processors: 1, env: { KAFKA_BROKERS: proxy.brokers.join(',') } });
      stage.startLoad({ records: 4_000, users: 400, durationMs: STORM_MS });
      const untilMs = performance.now() + STORM_MS;
      const count = { joined: 0, left: 0, killed: 0 };
      while (performance.now() < untilMs) {
        await delay(2_000 + random() * 3_000);
        if (stage.processors.length < 2 || (stage.processors.length < 4 && random() < 0.5)) {
          await stage.addProcessor({ untilReady: false });
          count.joined += 1;
          continue;
        }
        const leaver = stage.processors[Math.floor(random() * stage.processors.length)];
        const isKill = random() < 0.5;
        await (isKill ? leaver?.kill('SIGKILL') : leaver?.stop());
        if (isKill) count.killed += 1;
        else count.left += 1;
      }
      print(`  joined ${count.joined}, left ${count.left}, killed ${count.killed}`);
      proxy.decideBy(() => 'passes');
      await stage.recover('the storm');
      await stage.finish();
      if (proxy.complaints.length > 0) throw new Error(`the proxy was at a loss: ${proxy.complaints.join('; ')}`);
      await stage.close();
    } finally {
      await proxy.close();
    }
  },
};
