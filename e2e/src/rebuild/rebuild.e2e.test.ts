import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { rebuildInstallation } from '@streaks/streak-processor/rebuild/rebuild-installation';
import type { RebuildStep } from '@streaks/streak-processor/rebuild/run-rebuild';
import { verifyInstallation } from '@streaks/streak-processor/verify/verify-installation';
import { withAdmin } from '@streaks/testing/fresh-topic';
import type { ReferenceSession } from '@streaks/testing/reference-fold';
import { repositoryRoot } from '@streaks/testing/repository';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { generateLoad } from '../load/generate-load';
import { startPacedSender } from '../load/paced-sender';
import { createKafkajsProducer } from '../producers/kafkajs-producer';
import { sendRaw } from '../producers/raw-producer';
import type { SessionProducer } from '../producers/session-producer';
import { stateFaults } from '../state/state-faults';
import { waitUntilApplied } from '../state/wait-until-applied';
import { damages, plant } from './damage';

const run = promisify(execFile);
const load = generateLoad({ records: 12_000, users: 900, days: 20, duplicateShare: 0.03, lateShare: 0.05, seed: 41 });
const more = generateLoad({ records: 40_000, users: 3_000, days: 20, duplicateShare: 0.03, lateShare: 0.05, seed: 42 });

/** Apart from those of the first load. */
const others = more.records.map((session) => ({ ...session, userId: `other-${session.userId}` }));

describe('a rebuild', () => {
  let pipeline: Pipeline;
  let producer: SessionProducer;
  const sent: ReferenceSession[] = [];
  const settle = () => waitUntilApplied(pipeline, 60_000);
  const expectExact = async () => {
    await settle();
    expect((await verifyInstallation(pipeline.environment)).faults).toEqual([]);
    expect(await stateFaults(pipeline, sent)).toEqual([]);
  };

  beforeAll(async () => {
    pipeline = await startPipeline({ processors: 2, partitions: 4, env: { SESSION_TIMEOUT_MS: '6000' } });
    const addresses = stackAddresses();
    producer = await createKafkajsProducer({
      brokers: kafkaBrokers(addresses),
      registryUrl: addresses.SCHEMA_REGISTRY_URL,
      topic: pipeline.topic,
    });
    for (let from = 0; from < load.records.length; from += 2_000) {
      await producer.send(load.records.slice(from, from + 2_000));
    }
    sent.push(...load.records);
    await settle();
  }, 120_000);

  afterAll(async () => {
    await producer?.close();
    await pipeline?.stop();
  }, 60_000);

  it('of an untouched state finds no differences, and swaps to tables of the same make', async () => {
    await expectExact();
    const before = await describeTables(pipeline);
    const oid = await oidOf(pipeline, 'daily_totals');
    const { rebuilt } = await rebuildInstallation(pipeline.environment);
    expect(rebuilt).toMatchObject({ differences: 0, unusable: 0, swapped: { corrected: 0, generation: 2n } });
    expect(await oidOf(pipeline, 'daily_totals')).not.toBe(oid);
    expect(await describeTables(pipeline)).toEqual(before);
    await expectExact();
  }, 60_000);

  it('finds and mends all that was damaged, and corrects each streak once', async () => {
    for (const damage of damages) await plant(pipeline, damage);
    const { faults } = await verifyInstallation(pipeline.environment);
    for (const { kind } of damages) expect(faults).toEqual(expect.arrayContaining([expect.stringMatching(kind)]));
    const dry = await rebuildInstallation(pipeline.environment, { isDryRun: true });
    expect(dry.rebuilt?.swapped).toBeUndefined();
    expect(dry.rebuilt?.differences).toBeGreaterThanOrEqual(damages.length - 1);
    const { rebuilt } = await rebuildInstallation(pipeline.environment);
    expect(rebuilt?.differences).toBe(dry.rebuilt?.differences);
    expect(rebuilt?.swapped?.corrected).toBe(4);
    const { rows } = await pipeline.pool.query(
      "SELECT count(*)::int AS count FROM streak_history WHERE request_id LIKE 'rebuild-%' AND change_type = 'STREAK_REVISED'",
    );
    expect(rows).toEqual([{ count: 4 }]);
    await expectExact();
  }, 120_000);

  it('goes over to the rebuilt tables under load without losing or repeating a record', async () => {
    const sender = startPacedSender([producer], others, { durationMs: 25_000, chunkRecords: 400 });
    sent.push(...others);
    for (const source of ['log', 'sessions', 'log'] as const) {
      const { rebuilt } = await rebuildInstallation(pipeline.environment, { source });
      expect(rebuilt).toMatchObject({ differences: 0, swapped: { corrected: 0 } });
    }
    expect(sender.sent()).toBeGreaterThan(0);
    expect(sender.sent()).toBeLessThan(others.length);
    sender.hurry();
    await sender.done;
    await expectExact();
  }, 180_000);

  it('corrects thousands of streaks, each once', async () => {
    const { rowCount } = await pipeline.pool.query("UPDATE user_streaks SET timezone = 'Etc/GMT+3' WHERE version > 0");
    expect(rowCount).toBeGreaterThan(2_500);
    const { rebuilt } = await rebuildInstallation(pipeline.environment);
    expect(rebuilt?.swapped?.corrected).toBe(rowCount);
    await expectExact();
  }, 120_000);

  it.each<[RebuildStep, 'log' | 'sessions']>([
    ['BASED', 'sessions'],
    ['REPLAYED', 'log'],
    ['FENCED', 'log'],
    ['CORRECTED', 'log'],
    ['RENAMED', 'log'],
    ['SWAPPED', 'log'],
  ])(
    'killed at %s (from %s) is finished by the next one',
    async (step, source) => {
      await plant(pipeline, damages[0] as (typeof damages)[number]);
      await plant(pipeline, damages[4] as (typeof damages)[number]);
      const script = join(repositoryRoot, 'e2e/src/rebuild/rebuild-until-step.ts');
      await expect(
        run(process.execPath, ['--conditions=streaks-source', '--import', 'tsx', script, step, source], {
          cwd: repositoryRoot,
          env: { ...process.env, NODE_OPTIONS: '', ...pipeline.environment },
        }),
      ).rejects.toMatchObject({ signal: 'SIGKILL' });
      // Its connections end a moment later than it does.
      await waitFor(
        () =>
          rebuildInstallation(pipeline.environment, { source }).catch((error: Error) => {
            if (error.message.includes('another rebuild')) return undefined;
            throw error;
          }),
        { description: 'the next rebuild', timeoutMs: 60_000, intervalMs: 200 },
      );
      await expectExact();
    },
    120_000,
  );

  it('keeps the one of two conflicting sessions that was kept live, whatever the order of the replay', async () => {
    const day = { userId: 'torn', sessionId: 'same', timezone: 'UTC' };
    const [startMs, hourMs] = [Date.parse('2025-05-05T08:00:00Z'), 3_600_000];
    const first = { ...day, startMs, endMs: startMs + hourMs };
    const second = { ...day, startMs, endMs: startMs + 2 * hourMs };
    const json = ({ startMs: from, endMs, ...ids }: ReferenceSession) =>
      JSON.stringify({ ...ids, startTime: new Date(from).toISOString(), endTime: new Date(endMs).toISOString() });
    // The first committed lies in the last partition, which a replay comes to last.
    for (const [session, partition] of [
      [first, 3],
      [second, 0],
    ] as const) {
      await sendRaw(pipeline.brokers, pipeline.topic, [{ key: 'torn', value: json(session), partition }]);
      await settle();
    }
    sent.push(first);
    const { rebuilt } = await rebuildInstallation(pipeline.environment);
    expect(rebuilt).toMatchObject({ differences: 0, comparison: { conflicts: 1 }, swapped: { corrected: 0 } });
    const letters = await pipeline.pool.query('SELECT count(*)::int AS count FROM dead_letters');
    expect(letters.rows).toEqual([{ count: 1 }]);
    await expectExact();
  }, 120_000);

  it('refuses to let sessions go that are not in the log, unless told so', async () => {
    await pipeline.pool.query(
      `INSERT INTO focus_sessions VALUES ('foreign', 's', '2025-01-01T10:00Z', '2025-01-01T10:10Z', 'UTC')`,
    );
    await expect(rebuildInstallation(pipeline.environment)).rejects.toThrow(/rows that only the live tables have \(1 of focus_sessions\)/);
    await rebuildInstallation(pipeline.environment, { mayDropUnlogged: true });
    await expectExact();
  }, 60_000);

  it('of Redis alone brings back what is wrong or gone there', async () => {
    const [key] = (await pipeline.redis.keys(`${pipeline.redisKeyPrefix}*:streak:focus:user-1*`)).sort();
    await pipeline.redis.set(key ?? '', '1:9999:{"r":[[1,1]],"z":"UTC"}');
    await pipeline.redis.set(`${pipeline.redisKeyPrefix}{3}:streak:focus:nobody`, '99:1:{"r":[[1,1]],"z":"UTC"}');
    await rebuildInstallation(pipeline.environment, { isRedisOnly: true });
    await pipeline.redis.del(`${pipeline.redisKeyPrefix}{3}:streak:focus:nobody`);
    await expectExact();
  }, 60_000);

  it('refuses a log whose beginning is gone, and takes the sessions instead', async () => {
    await withAdmin(pipeline.brokers, async (admin) => {
      await admin.fetchTopicMetadata({ topics: [pipeline.topic] }); // deleteTopicRecords does not ask for it
      await admin.deleteTopicRecords({ topic: pipeline.topic, partitions: [{ partition: 1, offset: '10' }] });
    });
    await expect(rebuildInstallation(pipeline.environment)).rejects.toThrow(/--from sessions/);
    const { rebuilt } = await rebuildInstallation(pipeline.environment, { source: 'sessions' });
    expect(rebuilt).toMatchObject({ differences: 0, swapped: { corrected: 0 } });
    await expectExact();
  }, 60_000);
});

const oidOf = async ({ pool }: Pipeline, table: string): Promise<unknown> =>
  (await pool.query('SELECT $1::regclass::oid AS oid', [table])).rows[0]?.oid;

/** Columns, constraints, indexes, grants, owner and storage settings of the rebuilt tables, and whether they were analysed. */
async function describeTables({ pool }: Pipeline): Promise<unknown> {
  const { rows } = await pool.query(
    `SELECT c.relname, c.relowner::regrole::text AS owner, c.reloptions,
       (SELECT array_agg(a::text ORDER BY a::text) FROM aclexplode(c.relacl) a) AS grants,
       (SELECT array_agg(format('%s %s %s', attname, format_type(atttypid, atttypmod), attnotnull) ORDER BY attnum)
          FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0) AS columns,
       (SELECT array_agg(format('%s %s', conname, pg_get_constraintdef(oid)) ORDER BY conname)
          FROM pg_constraint WHERE conrelid = c.oid) AS constraints,
       (SELECT array_agg(indexdef ORDER BY indexdef) FROM pg_indexes WHERE schemaname = 'public' AND tablename = c.relname) AS indexes
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND c.relname IN ('focus_sessions', 'daily_totals', 'user_streaks') ORDER BY 1`,
  );
  return rows;
}
