import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { readBacklogMarks } from '../backlog/backlog-marks';
import { openAvroProducer } from '../backlog/produce-avro';
import { type CpuSeconds, watchCpu } from '../processes/cpu-seconds';

export interface BatchedResult {
  readonly updates: number;
  /** From the first record sent to the last change in Redis. */
  readonly perSecond: number;
  readonly cpu: CpuSeconds;
}

const USERS = 20_000;
const DAYS = 5;
const A_DAY = 2;
const DAY_MS = 86_400_000;
const RECORDS_A_REQUEST = 5_000;
const TIMEOUT_MS = 300_000;
const LOOK_EVERY_MS = 25;

/** Check-ins straight to Kafka, thousands a request: every second one makes its user's streak a day longer. */
export async function measureBatched(
  pipeline: Pipeline,
  pids: Readonly<Record<string, number>>,
): Promise<BatchedResult> {
  const events = createCheckIns();
  const producer = await openAvroProducer({
    brokers: pipeline.brokers,
    topic: pipeline.topic,
    registryUrl: pipeline.environment['SCHEMA_REGISTRY_URL'] ?? '',
  });
  try {
    const { applied: before } = await readBacklogMarks(pipeline.pool, pipeline.topic);
    const watch = watchCpu(pids);
    const startedMs = performance.now();
    for (let from = 0; from < events.length; from += RECORDS_A_REQUEST) {
      await producer.sendEvents(events.slice(from, from + RECORDS_A_REQUEST));
    }
    await waitFor(
      async () => {
        const { applied, unprojected } = await readBacklogMarks(pipeline.pool, pipeline.topic);
        return applied >= before + events.length && unprojected === 0;
      },
      { description: 'the batched check-ins to be applied', timeoutMs: TIMEOUT_MS, intervalMs: LOOK_EVERY_MS },
    );
    const seconds = (performance.now() - startedMs) / 1_000;
    return { updates: events.length, perSecond: events.length / seconds, cpu: watch.stop() };
  } finally {
    await producer.close();
  }
}

function createCheckIns(): readonly UserEventToSend[] {
  const firstMs = Date.UTC(2025, 0, 1, 12);
  return Array.from({ length: USERS * DAYS * A_DAY }, (_, index) => {
    const day = Math.floor(index / (USERS * A_DAY));
    const atMs = firstMs + day * DAY_MS;
    return { kind: 'check-in', userId: `batched-${index % USERS}`, checkInId: `b${index}`, atMs, timezone: 'UTC' };
  });
}
