import { referenceAnswer, referenceFold } from '@streaks/testing/reference-fold';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { requestJson } from '../http/request-json';
import { findKcat, findPythonWithConfluentKafka } from '../producers/foreign-clients';
import { createKafkajsProducer } from '../producers/kafkajs-producer';
import { createKcatProducer } from '../producers/kcat-producer';
import { createPythonProducer } from '../producers/python-producer';
import type { SessionProducer } from '../producers/session-producer';
import { stateFaults } from '../state/state-faults';
import { waitUntilApplied } from '../state/wait-until-applied';
import { createCrew } from './churn';
import { generateLoad } from './generate-load';
import { type PacedSender, startPacedSender } from './paced-sender';

const REPLACEMENTS = 9;
const CREW = 3;
const load = generateLoad({
  records: 50_000,
  users: 4_000,
  days: 30,
  duplicateShare: 0.03,
  lateShare: 0.05,
  seed: 20_250_301,
});

describe('50,000 sessions from three kinds of producers while processors are killed, join and leave', () => {
  let pipeline: Pipeline;
  let sender: PacedSender | undefined;
  const producers: SessionProducer[] = [];

  beforeAll(async () => {
    pipeline = await startPipeline({
      processors: 0,
      queryApi: true,
      partitions: 6,
      env: { SESSION_TIMEOUT_MS: '6000' },
    });
    producers.push(...(await openProducers(pipeline.topic)));
  }, 300_000);

  afterAll(async () => {
    sender?.abandon();
    await sender?.done.catch(() => undefined);
    await Promise.all(producers.map((producer) => producer.close()));
    await pipeline?.stop();
  }, 60_000);

  it('ends in exactly the totals, streaks, history and Redis state of the reference fold', async () => {
    const crew = createCrew(pipeline);
    for (let member = 0; member < CREW; member += 1) await crew.join();
    sender = startPacedSender(producers, load.records, { durationMs: 80_000, chunkRecords: 400 });
    for (let replaced = 0; replaced < REPLACEMENTS; replaced += 1) await crew.replace();
    const { kills, killsInTransaction, leaves, joins } = crew.churn();
    const sentMeanwhile = sender.sent();
    sender.hurry();
    await sender.done;
    process.stdout.write(
      `mixed load: ${load.records.length} records (${load.duplicates} repeated, ${load.late} late), ${sentMeanwhile} of them sent ` +
        `during ${kills} kills (${killsInTransaction} with a transaction open), ${leaves} leaves and ${joins} joins\n`,
    );
    await waitUntilApplied(pipeline, 90_000);
    expect(await stateFaults(pipeline, load.records)).toEqual([]);
    expect(await deadLetters(pipeline)).toEqual([]);
    expect(killsInTransaction).toBeGreaterThanOrEqual(kills / 2);
  }, 300_000);

  it('is answered over HTTP as the reference fold answers', async () => {
    const users = referenceFold(load.records, 1_800_000);
    const at = '2025-03-20T12:00:00Z';
    const timezone = 'Asia/Tokyo';
    const sample = [...users.keys()].filter((_, index) => index % 100 === 0);
    const answers = await Promise.all(
      sample.map((userId) =>
        requestJson(`${pipeline.queryApi?.url}/users/${userId}/streak?at=${at}&timezone=${timezone}`),
      ),
    );
    const expected = sample.map((userId) => ({
      status: 200,
      body: { userId, ...referenceAnswer(users.get(userId), Date.parse(at), timezone) },
    }));
    expect(answers).toEqual(expected);
  }, 30_000);
});

/** kafkajs always; kcat and Python where they can be had. A line names what is not. */
async function openProducers(topic: string): Promise<SessionProducer[]> {
  const addresses = stackAddresses();
  const target = { brokers: kafkaBrokers(addresses), registryUrl: addresses.SCHEMA_REGISTRY_URL, topic };
  const producers = [await createKafkajsProducer(target)];
  const [kcat, python] = await Promise.all([findKcat(), findPythonWithConfluentKafka()]);
  if ('path' in kcat) producers.push(createKcatProducer({ ...target, kcat: kcat.path, codecs: ['snappy', 'lz4'] }));
  else process.stdout.write(`SKIPPED producer kcat: ${kcat.missing}\n`);
  if ('path' in python) producers.push(createPythonProducer({ ...target, python: python.path }));
  else process.stdout.write(`SKIPPED producer confluent-kafka: ${python.missing}\n`);
  return producers;
}

async function deadLetters({ pool }: Pipeline): Promise<unknown[]> {
  const { rows } = await pool.query('SELECT reason, count(*)::int AS count FROM dead_letters GROUP BY reason');
  return rows;
}
