import { createKafka } from '@streaks/shared/kafka/create-kafka';
import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import { fetchTopicId } from '@streaks/shared/kafka/topic-id/topic-id';
import { classifyStoreError } from '@streaks/shared/postgres/errors';
import { createFreshTopic, type FreshTopic, uniqueName } from '@streaks/testing/fresh-topic';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { waitFor } from '@streaks/testing/wait-for';
import type { ISocketFactory, Message, Producer } from 'kafkajs';
import { Pool } from 'pg';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { type Engine, startEngine } from '../create-engine';
import { defaultTuning, type EngineOptions, type EngineTuning } from '../engine-options';
import { createEngineMetrics, type EngineMetrics } from '../metrics';
import type { Publication } from '../publish/publication';
import { ensureShards } from '../sql/ensure-shards';
import {
  type CounterChange,
  type CounterEvent,
  createCounterProjection,
  createCounterTables,
  createRecordingSink,
  type RecordingSink,
} from './counter-projection';

export const SHARDS = 4;

export interface RunningEngine {
  readonly engine: Engine;
  readonly metrics: EngineMetrics;
  readonly sink: RecordingSink;
  readonly pools: readonly [lanePool: Pool, pool: Pool];
  readonly fatal: string[];
  committedEvents(): number;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Another topic than the bench's own. */
  readonly topic?: string;
  /** In the process of this engine: with its pools and metrics, and without sink and publication. */
  readonly beside?: RunningEngine;
  readonly groupId?: string;
  readonly databaseUrl?: string;
  readonly onStep?: NonNullable<EngineOptions<CounterEvent, CounterChange, number>['onStep']>;
  readonly tuning?: Partial<EngineTuning>;
  readonly socketFactory?: ISocketFactory;
  readonly publication?: Publication<CounterChange>;
}

/** A topic, a database and any number of engines on them. */
export interface EngineBench {
  readonly topic: string;
  readonly database: TestDatabase;
  start(options?: StartOptions): Promise<RunningEngine>;
  producer(): Promise<Producer>;
  /** Publishes events `from` to `to` of a few keys; returns when they are acknowledged. */
  publish(from: number, to: number, options?: { readonly perSend?: number; readonly topic?: string }): Promise<void>;
  /** Waits until these events have been applied, and checks that each was exactly once and the outbox has no gap. */
  expectExactly(events: number): Promise<void>;
  close(): Promise<void>;
}

export const eventOf = (index: number): CounterEvent => ({ id: `e${index}`, key: `user-${index % 17}`, amount: 1 });

export async function createEngineBench(partitions: number): Promise<EngineBench> {
  const brokers = kafkaBrokers(stackAddresses());
  const topic: FreshTopic = await createFreshTopic({ partitions });
  const database = await createTestDatabase();
  await createCounterTables(database.pool);
  await ensureShards(database.pool, SHARDS);
  const groupId = uniqueName('engine');
  const log = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });
  const producers: Producer[] = [];
  const running = new Set<RunningEngine>();
  const opened: Pool[] = [];

  const toMessage = (event: CounterEvent): Message => ({
    key: event.key,
    value: JSON.stringify(event),
    partition: partitionForKey(event.key, partitions),
  });

  const bench: EngineBench = {
    topic: topic.topic,
    database,
    async start(options = {}) {
      const { beside, topic: inputTopic = topic.topic } = options;
      const pools = beside?.pools ?? createPools(options.databaseUrl ?? database.url);
      opened.push(...pools);
      const [lanePool, pool] = pools;
      const metrics = beside?.metrics ?? createEngineMetrics(new Registry(), 'test');
      const sink = createRecordingSink(database.pool);
      const projection = createCounterProjection();
      const fatal: string[] = [];
      const engine = startEngine<CounterEvent, CounterChange, number>({
        topic: inputTopic,
        groupId: `${options.groupId ?? groupId}-${inputTopic}`,
        owner: uniqueName('owner'),
        shardCount: SHARDS,
        shardOf: (key) => partitionForKey(key, SHARDS),
        projection,
        ...(beside ? {} : { sink }),
        createKafka: (role) =>
          createKafka({
            brokers,
            clientId: `engine-${role}`,
            logger: log,
            ...(options.socketFactory ? { socketFactory: options.socketFactory } : {}),
          }),
        fetchTopicId: () => fetchTopicId({ brokers, topic: inputTopic, clientId: 'engine', timeoutMs: 5_000 }),
        lanePool,
        pool,
        classifyStoreError,
        tuning: {
          ...defaultTuning,
          sessionTimeoutMs: 6_000,
          idleWriteMs: 200,
          checkEveryMs: 100,
          topicCheckEveryMs: 300,
          ...options.tuning,
        },
        metrics,
        log,
        nowMs: Date.now,
        random: Math.random,
        onFatal: (reason, error) => fatal.push(`${reason}: ${error}`),
        ...(options.onStep ? { onStep: options.onStep } : {}),
        ...(options.publication ? { publication: options.publication } : {}),
      });
      const started: RunningEngine = {
        engine,
        metrics,
        sink,
        pools,
        fatal,
        committedEvents: projection.committedEvents,
        async stop() {
          if (!running.delete(started)) return;
          await engine.stop(2_000);
        },
      };
      running.add(started);
      return started;
    },
    async producer() {
      const producer = createKafka({ brokers, clientId: 'test-producer', logger: log }).producer();
      await producer.connect();
      producers.push(producer);
      return producer;
    },
    async publish(from, to, { perSend = 500, topic: outputTopic = topic.topic } = {}) {
      const producer = producers[0] ?? (await bench.producer());
      for (let start = from; start < to; start += perSend) {
        const count = Math.min(perSend, to - start);
        const messages = Array.from({ length: count }, (_, i) => toMessage(eventOf(start + i)));
        await producer.send({ topic: outputTopic, messages });
      }
    },
    async expectExactly(events) {
      const count = () => database.pool.query<{ n: number }>('SELECT count(*)::int n FROM counted_events');
      await waitFor(async () => ((await count()).rows[0]?.n ?? 0) >= events, {
        description: `${events} events to be applied`,
        timeoutMs: 40_000,
      });
      const { rows } = await database.pool.query<Record<string, string>>(
        `SELECT (SELECT count(*) FROM counted_events) AS events, (SELECT count(DISTINCT id) FROM counted_events) AS ids,
                (SELECT sum(total) FROM counters) AS total, (SELECT sum(version) FROM counters) AS versions,
                (SELECT sum(out_seq) FROM outbox_shard) AS numbers, (SELECT count(*) FROM counter_outbox) AS rows`,
      );
      const n = String(events);
      const letters = await database.pool.query<{ n: string }>('SELECT count(*) n FROM dead_letters');
      expect(rows[0]).toEqual({
        events: n,
        ids: n,
        total: n,
        versions: n,
        rows: n,
        numbers: String(events + Number(letters.rows[0]?.n)),
      });
    },
    async close() {
      for (const started of [...running]) await started.stop();
      await Promise.all([...new Set(opened)].map((pool) => pool.end()));
      await Promise.all(producers.map((producer) => producer.disconnect()));
      await topic.drop().catch(() => undefined); // a test may have deleted it
      await database.drop();
    },
  };
  return bench;
}

function createPools(connectionString: string): readonly [lanePool: Pool, pool: Pool] {
  const create = (max: number) => {
    const pool = new Pool({ connectionString, max, application_name: 'engine' });
    pool.on('error', () => undefined);
    return pool;
  };
  return [create(4), create(8)];
}
