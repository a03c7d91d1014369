import { setTimeout as delay } from 'node:timers/promises';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { isoDate } from '@streaks/testing/reference-fold';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import type { KafkaMessage } from 'kafkajs';
import { readTopic } from '../fault-suite/check/read-topic';
import { untilAtRest } from '../fault-suite/cluster/until-at-rest';
import { readMetric } from '../http/read-metric';
import { requestJson } from '../http/request-json';
import { generateLoad } from '../load/generate-load';
import { createKafkajsProducer } from '../producers/kafkajs-producer';
import { withProducer } from '../producers/raw-producer';
import { dailySession, toMessage } from '../producers/session-factory';
import { type SessionProducer, toJson } from '../producers/session-producer';
import { type JavaRecord, readCommitted } from '../state/java-consumer';
import { readStreakRows } from '../state/read-state';
import { readWithKcat } from './read-with-kcat';

const PARTITIONS = 4;
/** Where the second processor kills itself (SIGKILL), one after the other: with a Kafka transaction open, and around its commit. */
const KILLS = ['P4_SENT@3:kill', 'P5_MARK_SENT@4:kill', 'P6_COMMITTED@3:kill', 'B7_COMMITTED@3:kill'];
const CHUNK_RECORDS = 100;
const WANDERER_DAYS = 40;
const load = generateLoad({ records: 4_000, users: 400, days: 20, duplicateShare: 0.03, lateShare: 0.05, seed: 41 });
const posted = Array.from({ length: 5 }, (_, day) => dailySession('posted', day));
const POISON = Buffer.from([0xff, 0x00, 0x41]);

interface HistoryRow {
  readonly event_id: string;
  readonly user_id: string;
  readonly version: string;
  readonly shard: number;
  readonly request_id: string | null;
  readonly fields: Readonly<Record<string, unknown>>;
}

describe('what two processors publish while they are killed', () => {
  let pipeline: Pipeline;
  let producer: SessionProducer | undefined;
  let changes: JavaRecord[] = [];
  let history: HistoryRow[] = [];

  beforeAll(async () => {
    pipeline = await startPipeline({
      processors: 0,
      ingest: true,
      partitions: PARTITIONS,
      env: { SESSION_TIMEOUT_MS: '6000' },
    });
    await pipeline.addProcessor({ untilReady: false });
    const registryUrl = pipeline.environment['SCHEMA_REGISTRY_URL'] ?? '';
    producer = await createKafkajsProducer({ brokers: pipeline.brokers, registryUrl, topic: pipeline.topic });
    await post();
    await sendPoison();
    for (const [round, failpoint] of KILLS.entries()) await publishUntilKilled(failpoint, round);
    await untilAtRest(pipeline, 90_000);
    ({ rows: history } = await pipeline.pool.query<HistoryRow>(
      `SELECT event_id, user_id, version, shard, request_id, to_jsonb(h) AS fields FROM streak_history h ORDER BY shard, out_seq`,
    ));
    const { brokers, outputTopics } = pipeline;
    changes = await readCommitted({ brokers, topic: outputTopics.streakChanges, least: history.length });
  }, 240_000);

  afterAll(async () => {
    await producer?.close();
    await pipeline?.stop();
  }, 60_000);

  it('is each stored change once, in the order of the outbox, for a Java consumer', () => {
    expect(history.length).toBeGreaterThan(1_000);
    const described = (
      rows: { partition: number; key: string; id: string | undefined; version: string | undefined }[],
    ) => rows.map(({ partition, key, id, version }) => `${partition} ${key} ${version} ${id}`);
    expect(
      described(
        changes.map(({ partition, key, headers }) => ({
          partition,
          key,
          id: headers['event-id'],
          version: headers['version'],
        })),
      ),
    ).toEqual(
      described(
        history.map(({ shard, user_id, version, event_id }) => ({
          partition: shard,
          key: user_id,
          id: event_id,
          version,
        })),
      ),
    );
  });

  it('is in version order for each user, also for one whose sessions came over all partitions', () => {
    const versions = new Map<string, number>();
    for (const { key, headers } of changes) {
      const version = Number(headers['version']);
      expect(version).toBe((versions.get(key) ?? 0) + 1);
      versions.set(key, version);
    }
    expect(versions.get('wanderer')).toBe(WANDERER_DAYS);
  });

  it('carries the request id of the HTTP request that led to it', () => {
    const ids = changes.filter(({ key }) => key === 'posted').map(({ headers }) => headers['x-request-id']);
    expect(ids.sort()).toEqual(posted.map(({ sessionId }) => `request-${sessionId}`).sort());
  });

  it('is the same for kcat', async () => {
    const records = await readWithKcat(pipeline.brokers, pipeline.outputTopics.streakChanges);
    if ('missing' in records) {
      process.stdout.write(`publication without kcat: ${records.missing}\n`);
      return;
    }
    const ids = records.flatMap(({ headers }) => headers.filter((header) => header.startsWith('event-id=')));
    expect(ids.sort()).toEqual(history.map(({ event_id }) => `event-id=${event_id}`).sort());
  });

  it('decodes, by kafkajs and the registry, to the row of the history', async () => {
    const registry = new SchemaRegistry({ host: pipeline.environment['SCHEMA_REGISTRY_URL'] ?? '' });
    const byId = new Map(history.map((row) => [row.event_id, row.fields]));
    let decoded = 0;
    await readTopic({ brokers: pipeline.brokers, topic: pipeline.outputTopics.streakChanges }, async (_, { value }) => {
      const change = (await registry.decode(value ?? Buffer.alloc(0))) as Record<string, unknown>;
      const row = byId.get(String(change['eventId']));
      expect(toRow(change)).toEqual(row && { ...row, recorded_at: Date.parse(String(row['recorded_at'])) });
      decoded += 1;
    });
    expect(decoded).toBe(history.length);
  }, 60_000);

  it('ends, in user-streaks, in the states of Postgres, and no version went back', async () => {
    const registry = new SchemaRegistry({ host: pipeline.environment['SCHEMA_REGISTRY_URL'] ?? '' });
    const last = new Map<string, { version: number; state: unknown }>();
    await readTopic({ brokers: pipeline.brokers, topic: pipeline.outputTopics.userStreaks }, async (_, message) => {
      const key = String(message.key);
      const state = (await registry.decode(message.value ?? Buffer.alloc(0))) as UserStreakValue;
      expect(message.headers?.['version']?.toString()).toBe(String(state.version));
      expect(Number(state.version)).toBeGreaterThan(last.get(key)?.version ?? 0);
      last.set(key, { version: Number(state.version), state: toStored(state) });
    });
    const stored = (await readStreakRows(pipeline)).map((row) => [`focus:${row.userId}`, row]);
    expect(Object.fromEntries([...last].map(([key, { state }]) => [key, state]))).toEqual(Object.fromEntries(stored));
  }, 60_000);

  it('has each dead letter once, with its bytes, its headers and why', async () => {
    const letters: { partition: number; message: KafkaMessage }[] = [];
    await readTopic({ brokers: pipeline.brokers, topic: pipeline.outputTopics.deadLetters }, (partition, message) => {
      letters.push({ partition, message });
    });
    expect(letters.map(({ partition }) => partition).sort()).toEqual([0, 1, 2, 3]);
    for (const { partition, message } of letters) {
      expect([message.key?.toString(), message.value]).toEqual([`poison-${partition}`, POISON]);
      expect(
        Object.fromEntries(Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)])),
      ).toEqual({
        trace: `trace-${partition}`,
        'x-dead-letter-reason': 'NOT_AVRO_OR_JSON',
        'x-dead-letter-detail': expect.stringContaining('3 bytes'),
        'x-dead-letter-topic': pipeline.topic,
        'x-dead-letter-topic-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
        'x-dead-letter-partition': String(partition),
        'x-dead-letter-offset': expect.stringMatching(/^\d+$/),
        'x-dead-letter-first-seen': expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      });
    }
  }, 60_000);

  async function post(): Promise<void> {
    for (const session of posted) {
      const headers = { 'content-type': 'application/json', 'x-request-id': `request-${session.sessionId}` };
      const { status } = await requestJson(`${pipeline.ingest?.url}/sessions`, {
        method: 'POST',
        headers,
        body: toJson(session),
      });
      expect(status).toBe(202);
    }
  }

  const sendPoison = () =>
    withProducer(pipeline.brokers, (raw) =>
      raw.send({
        topic: pipeline.topic,
        acks: -1,
        messages: Array.from({ length: PARTITIONS }, (_, partition) => ({
          partition,
          key: `poison-${partition}`,
          value: POISON,
          headers: { trace: `trace-${partition}` },
        })),
      }),
    );

  /** A second processor takes half of the partitions, and while sessions come in it kills itself at the failpoint. */
  async function publishUntilKilled(failpoint: string, round: number): Promise<void> {
    const victim = await pipeline.addProcessor({ untilReady: false, env: { FAILPOINTS: failpoint } });
    await waitFor(
      async () =>
        !victim.running() ||
        (await readMetric(victim, 'streaks_processor_assigned_partitions', {
          topic: pipeline.topic,
          state: 'active',
        })) ===
          PARTITIONS / 2,
      { description: `a processor with ${failpoint} to share the partitions`, timeoutMs: 60_000, intervalMs: 100 },
    );
    const share = Math.ceil(load.records.length / KILLS.length);
    const records = load.records.slice(round * share, (round + 1) * share);
    const days = WANDERER_DAYS / KILLS.length;
    for (let start = 0; start < records.length; start += CHUNK_RECORDS) {
      await producer?.send(records.slice(start, start + CHUNK_RECORDS));
      const day = start / CHUNK_RECORDS;
      if (day < days) await wander(round * days + day);
    }
    // A busy machine puts more records into a transaction, and has fewer of them: until it has had as many as the failpoint counts.
    for (let day = 0; victim.running(); day += 1) {
      await producer?.send(
        Array.from({ length: PARTITIONS * 4 }, (_, user) => dailySession(`push-${round}-${user}`, day)),
      );
      await Promise.race([victim.exited, delay(100)]);
    }
    expect((await victim.exited).signal).toBe('SIGKILL');
  }

  /** One user, each next session in the next partition: two owners change the same streak in turn. */
  const wander = (day: number) =>
    withProducer(pipeline.brokers, (raw) => {
      const message = { ...toMessage(dailySession('wanderer', day)), partition: day % PARTITIONS };
      return raw.send({ topic: pipeline.topic, acks: -1, messages: [message] });
    });
});

interface UserStreakValue {
  readonly userId: string;
  readonly version: number;
  readonly runs: readonly { readonly first: number; readonly length: number }[];
  readonly currentRunLength: number;
  readonly longestRunLength: number;
  readonly qualifiedDaysCount: number;
  readonly lastQualifiedDate: number | null;
  readonly timezone: string | null;
}

const dateOf = (day: unknown): string | null => (typeof day === 'number' ? isoDate(day) : null);

const toStored = (state: UserStreakValue) => ({
  userId: state.userId,
  runs: state.runs.map(({ first, length }) => ({ first: isoDate(first), length })),
  timezone: state.timezone,
  version: Number(state.version),
  currentRunLength: state.currentRunLength,
  longestRunLength: state.longestRunLength,
  lastQualifiedDate: dateOf(state.lastQualifiedDate),
  qualifiedDaysCount: state.qualifiedDaysCount,
});

/** A StreakChanged under the names of the columns, without the two that say where it stands in the outbox. */
function toRow(change: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const source = change['source'] as Record<string, unknown>;
  return {
    shard: expect.any(Number),
    out_seq: expect.any(Number),
    event_id: change['eventId'],
    user_id: change['userId'],
    rule_id: change['ruleId'],
    version: change['version'],
    change_type: change['changeType'],
    qualified_date: dateOf(change['qualifiedDate']),
    current_before: change['currentBefore'],
    current_after: change['currentAfter'],
    longest_before: change['longestBefore'],
    longest_after: change['longestAfter'],
    qualified_days_before: change['qualifiedDaysBefore'],
    qualified_days_after: change['qualifiedDaysAfter'],
    last_qualified_before: dateOf(change['lastQualifiedBefore']),
    last_qualified_after: dateOf(change['lastQualifiedAfter']),
    timezone: change['timezone'],
    generation: change['generation'],
    topic_id: source['topicId'],
    partition: source['partition'],
    offset: source['offset'],
    request_id: change['requestId'],
    recorded_at: Math.floor(Number(change['recordedAt'])),
  };
}
