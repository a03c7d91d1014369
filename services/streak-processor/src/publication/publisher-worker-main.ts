import { parentPort, workerData } from 'node:worker_threads';
import { createPublisher } from '@streaks/exactly-once/publish/create-publisher';
import { runPublisherWorker } from '@streaks/exactly-once/publish/worker/run-publisher-worker';
import { systemClock } from '@streaks/shared/lifecycle/clock';
import { createLogger } from '@streaks/shared/observability/create-logger';
import { processFailpoints } from '../process-failpoints';
import { connectPublisher, type PublisherConfig } from './publisher-connections';
import { publisherTuning } from './publisher-tuning';

/** The thread that publishes: it encodes for Kafka and waits for its answers without taking time from the appliers. */
async function main(): Promise<void> {
  if (parentPort === null) throw new Error('this file is the entry of a worker thread');
  const config = workerData as PublisherConfig;
  const onStep = processFailpoints(config.failpoints);
  await runPublisherWorker(parentPort, ({ events, writeLogLine }) => {
    const logger = createLogger({
      service: 'streak-processor',
      level: config.logLevel,
      destination: { write: writeLogLine },
    });
    const { pool, options } = connectPublisher(config, logger);
    const publisher = createPublisher({
      ...options,
      tuning: publisherTuning,
      events,
      nowMs: systemClock.nowMs,
      random: Math.random,
      ...(onStep === undefined ? {} : { onStep: (step) => onStep(step) }),
    });
    return { publisher, dispose: () => pool.end() };
  });
}

void main();
