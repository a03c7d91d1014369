import { setTimeout as delay } from 'node:timers/promises';
import type { ReferenceSession } from '@streaks/testing/reference-fold';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { generateLoad } from '../../load/generate-load';
import { startPacedSender } from '../../load/paced-sender';
import { createKafkajsProducer } from '../../producers/kafkajs-producer';
import type { SessionProducer } from '../../producers/session-producer';

export interface LoadPlan {
  readonly records: number;
  readonly users: number;
  /** How long it lasts unless it is ended before. */
  readonly durationMs: number;
  readonly seed: number;
  /** Sets its session ids apart from those of other loads on the same stage. */
  readonly name: string;
}

export interface RunningLoad {
  /** What is, or at the end will be, in the log. */
  readonly records: readonly ReferenceSession[];
  sent(): number;
  /** Sends the rest at once and ends; rejects when a record could not be sent. */
  finish(): Promise<void>;
  /** Ends without the rest. */
  abandon(): Promise<void>;
}

/** Sessions at an even pace, from a producer that tries again whatever becomes of the brokers. */
export function startLoad(pipeline: Pick<Pipeline, 'brokers' | 'environment' | 'topic'>, plan: LoadPlan): RunningLoad {
  const generated = generateLoad({ ...plan, days: 25, duplicateShare: 0.03, lateShare: 0.05 });
  const records = generated.records.map((session) => ({ ...session, sessionId: `${plan.name}-${session.sessionId}` }));
  const producer = createStubbornProducer(() =>
    createKafkajsProducer({
      brokers: pipeline.brokers,
      registryUrl: pipeline.environment['SCHEMA_REGISTRY_URL'] ?? '',
      topic: pipeline.topic,
    }),
  );
  const sender = startPacedSender([producer], records, { durationMs: plan.durationMs, chunkRecords: 50 });
  return {
    records,
    sent: sender.sent,
    finish: async () => {
      sender.hurry();
      await sender.done;
      await producer.close();
    },
    abandon: async () => {
      sender.abandon();
      await sender.done.catch(() => undefined);
      await producer.close().catch(() => undefined);
    },
  };
}

const GIVE_UP_AFTER_MS = 120_000;
const PAUSE_MS = 200;

/**
 * Sends a chunk until it is acknowledged, with a new client after each failure. A chunk may then be in the log more than
 * once, word for word: repeats that must not count.
 */
function createStubbornProducer(open: () => Promise<SessionProducer>): SessionProducer {
  let current: SessionProducer | undefined;
  const drop = async (): Promise<void> => {
    const dropped = current;
    current = undefined;
    await dropped?.close().catch(() => undefined);
  };
  return {
    name: 'stubborn kafkajs',
    send: async (sessions) => {
      const deadlineMs = performance.now() + GIVE_UP_AFTER_MS;
      for (;;) {
        try {
          current ??= await open();
          await current.send(sessions);
          return;
        } catch (error) {
          await drop();
          if (performance.now() >= deadlineMs) throw error;
          await delay(PAUSE_MS);
        }
      }
    },
    close: drop,
  };
}
