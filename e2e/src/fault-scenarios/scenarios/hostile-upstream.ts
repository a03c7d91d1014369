import type { Producer, Transaction } from 'kafkajs';
import { Kafka, logLevel } from 'kafkajs';
import { dailySession, toMessage } from '../../producers/session-factory';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage/open-stage';

const ROUNDS = 4;
const RECORDS = 5;
const HANG_MS = 8_000;

export const hostileUpstream: Scenario = {
  name: 'hostile-upstream',
  about:
    'overlapping transactions ended in reverse order, keys that look like abort markers, hung ones, while processors are killed',
  run: async ({ openStage }) => {
    const stage = await openStage({ processors: 2 });
    stage.startLoad({ records: 2_000, users: 200, durationMs: 60_000 });
    await stage.recover('the start');
    for (let round = 0; round < ROUNDS; round += 1) {
      const hung = await hang(stage, round);
      await overlap(stage, round);
      const eldest = stage.processors[0];
      await Promise.all([eldest?.kill('SIGKILL'), stage.addProcessor()]);
      await overlap(stage, ROUNDS + round);
      await stage.recover(`round ${round + 1} of ${ROUNDS}, with a transaction of ${HANG_MS / 1_000} s left hanging`);
      await hung.disconnect();
    }
    await stage.finish();
  },
};

/** Three transactions open at once in every partition; the first to begin is the last to end. Only the second is committed. */
async function overlap(stage: Stage, round: number): Promise<void> {
  const open = await Promise.all(['a', 'b', 'c'].map((name) => begin(stage, `${name}-${round}`)));
  for (let n = 0; n < RECORDS; n += 1) {
    for (const { transaction, name } of open) await sendEverywhere(stage, transaction, name, n);
  }
  for (const { transaction, producer, name } of open.reverse()) {
    if (name.startsWith('b')) {
      await transaction.commit();
      for (let n = 0; n < RECORDS; n += 1) stage.note(sessionsOf(stage, name, n));
    } else await transaction.abort();
    await producer.disconnect();
  }
}

/** A transaction that nobody ends: the broker aborts it when its time is up. */
async function hang(stage: Stage, round: number): Promise<Producer> {
  const { transaction, producer, name } = await begin(stage, `hung-${round}`);
  await sendEverywhere(stage, transaction, name, 0);
  return producer;
}

async function begin(stage: Stage, name: string) {
  const kafka = new Kafka({
    clientId: 'hostile',
    brokers: [...stage.brokers],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 1_000, retries: 200 },
  });
  const producer = kafka.producer({
    transactionalId: `${stage.topic}-${name}`,
    transactionTimeout: HANG_MS,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  return { name, producer, transaction: await producer.transaction() };
}

const sessionsOf = ({ partitions }: Stage, name: string, n: number) =>
  Array.from({ length: partitions }, (_, partition) => dailySession(`${name}-${partition}`, n));

/** Every other key is an int32 of 0, which is what an abort marker's key begins with; the session names its user itself. */
async function sendEverywhere(stage: Stage, transaction: Transaction, name: string, n: number): Promise<void> {
  const messages = sessionsOf(stage, name, n).map((session, partition) => ({
    ...toMessage(session),
    ...(n % 2 === 0 ? { key: Buffer.alloc(4) } : {}),
    partition,
  }));
  await transaction.send({ topic: stage.topic, messages });
}
