import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { rebuildInstallation } from '@streaks/streak-processor/rebuild/rebuild-installation';
import type { RebuildStep } from '@streaks/streak-processor/rebuild/run-rebuild';
import { REBUILT_TABLES } from '@streaks/streak-processor/rebuild/schema/rebuilt-tables';
import { verifyInstallation } from '@streaks/streak-processor/verify/verify-installation';
import { withAdmin } from '@streaks/testing/fresh-topic';
import type { ReferenceRecord } from '@streaks/testing/reference/reference-event';
import type { ReferenceSession } from '@streaks/testing/reference-fold';
import { repositoryRoot } from '@streaks/testing/repository';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { readTopic } from '../fault-suite/check/read-topic';
import { sendRaw } from '../producers/raw-producer';
import { toJson } from '../producers/session-producer';
import { type Damage, damages, organisationDamage, otherDamages, plant } from './damage';
import { createMixedInput, type MixedInput } from './mixed-input';

const run = promisify(execFile);
const PARTITIONS = 4;
const FIRST_EVENTS = 12_000;
/** What a rebuild has to mend that is killed on its way. */
const ON_THE_WAY = new Set([
  'a total changed',
  'a zone changed',
  'freezes and pauses forgotten',
  'a retracted session brought back',
  'a member forgotten',
]);

describe('a rebuild', () => {
  let pipeline: Pipeline;
  let input: MixedInput;
  const others: ReferenceRecord[] = [];
  const expectSound = async () => {
    await input.settle();
    expect((await verifyInstallation(pipeline.environment)).faults).toEqual([]);
  };
  const expectExact = async () => {
    await expectSound();
    expect(await input.faults(await input.expectation(others))).toEqual([]);
  };
  const plantAll = async (planted: readonly Damage[]) => {
    for (const damage of planted) await plant(pipeline, damage);
    const { faults } = await verifyInstallation(pipeline.environment);
    for (const { kind } of planted) expect(faults).toEqual(expect.arrayContaining([expect.stringMatching(kind)]));
  };
  const countCorrections = async (): Promise<unknown> => {
    const { rows } = await pipeline.pool.query(
      "SELECT count(*)::int AS count FROM streak_history WHERE request_id LIKE 'rebuild-%' AND change_type = 'STREAK_REVISED'",
    );
    return rows[0]?.count;
  };

  beforeAll(async () => {
    pipeline = await startPipeline({ processors: 2, partitions: PARTITIONS, env: { SESSION_TIMEOUT_MS: '6000' } });
    input = await createMixedInput(pipeline, { seed: 41, users: 400, partitions: PARTITIONS, chunkEvents: 200 });
    await input.feed.sendUntil(FIRST_EVENTS);
    await input.settle();
  }, 180_000);

  afterAll(async () => {
    await input?.close();
    await pipeline?.stop();
  }, 60_000);

  it('of an untouched state of all kinds of events finds no differences, and swaps to tables of the same make', async () => {
    await expectExact();
    const before = await describeTables(pipeline);
    const oid = await oidOf(pipeline, 'check_ins');
    for (const [source, generation] of [
      ['log', 2n],
      ['sessions', 3n],
    ] as const) {
      const { rebuilt } = await rebuildInstallation(pipeline.environment, { source });
      expect(rebuilt).toMatchObject({ differences: 0, swapped: { corrected: 0, forgotten: 0, generation } });
      await expectExact();
    }
    expect(await oidOf(pipeline, 'check_ins')).not.toBe(oid);
    expect(await describeTables(pipeline)).toEqual(before);
  }, 180_000);

  it('finds and mends all that was damaged, and corrects each streak once', async () => {
    await plantAll(damages);
    const dry = await rebuildInstallation(pipeline.environment, { isDryRun: true });
    expect(dry.rebuilt?.swapped).toBeUndefined();
    expect(dry.rebuilt?.differences).toBeGreaterThanOrEqual(damages.length - 1);
    const { rebuilt } = await rebuildInstallation(pipeline.environment);
    expect(rebuilt?.differences).toBe(dry.rebuilt?.differences);
    expect(rebuilt?.swapped?.corrected).toBe(4);
    expect(await countCorrections()).toBe(4);
    await expectExact();
  }, 180_000);

  it('mends what settings, retractions, organisations and erasures must have left', async () => {
    await plantAll(otherDamages);
    const { rebuilt } = await rebuildInstallation(pipeline.environment);
    expect(rebuilt?.swapped).toMatchObject({ corrected: 4, forgotten: 2 });
    expect(await countCorrections()).toBe(8);
    await plantAll([organisationDamage]);
    expect((await rebuildInstallation(pipeline.environment)).rebuilt).toMatchObject({ swapped: { corrected: 0 } });
    await expectExact();
  }, 240_000);

  it('mends from the stored facts what follows from them, and keeps tombstones and settings', async () => {
    // One group after the other: of each kind of fault a few examples are told.
    for (const group of [damages, otherDamages]) await plantAll(group.filter(({ needsLog }) => needsLog === undefined));
    const { rebuilt } = await rebuildInstallation(pipeline.environment, { source: 'sessions' });
    expect(rebuilt?.swapped).toMatchObject({ corrected: 8, forgotten: 2 });
    await expectExact();
  }, 180_000);

  it('goes over to the rebuilt tables under load of all kinds without losing or repeating a record', async () => {
    let isOver = false;
    const sending = input.feed.run({ perSecond: () => 1_500, isOver: () => isOver });
    try {
      for (const source of ['log', 'sessions', 'log'] as const) {
        const { rebuilt } = await rebuildInstallation(pipeline.environment, { source });
        expect(rebuilt).toMatchObject({ differences: 0, swapped: { corrected: 0, forgotten: 0 } });
      }
    } finally {
      isOver = true;
      await sending;
    }
    await expectExact();
  }, 240_000);

  it('leaves members whose organisation changed to the ones who evaluate them', async () => {
    const { feed } = input;
    await Promise.all([...pipeline.processors].map((service) => service.stop()));
    try {
      const dying = await pipeline.addProcessor({ untilReady: false, env: { FAILPOINTS: 'J1_TAKEN@1:kill' } });
      await feed.sendUntil(feed.events() + 3_000);
      await dying.exited;
      const { faults, waiting } = await verifyInstallation(pipeline.environment);
      expect([faults, waiting > 0]).toEqual([[], true]);
      const { rebuilt } = await rebuildInstallation(pipeline.environment);
      expect(rebuilt).toMatchObject({ differences: 0, swapped: { corrected: 0 } });
      expect((await verifyInstallation(pipeline.environment)).waiting).toBe(waiting);
    } finally {
      // The tests after this one have work for them, whatever came of it.
      await Promise.all([pipeline.addProcessor(), pipeline.addProcessor()]);
    }
    await expectExact();
  }, 180_000);

  it('corrects hundreds of streaks of both rules, each once', async () => {
    const { rowCount } = await pipeline.pool.query("UPDATE user_streaks SET timezone = 'Etc/GMT+3' WHERE version > 0");
    expect(rowCount).toBeGreaterThan(400);
    const { rebuilt } = await rebuildInstallation(pipeline.environment);
    expect(rebuilt?.swapped?.corrected).toBe(rowCount);
    await expectExact();
  }, 180_000);

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
      for (const damage of [...damages, ...otherDamages].filter(({ what }) => ON_THE_WAY.has(what))) {
        await plant(pipeline, damage);
      }
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
        { description: 'the next rebuild', timeoutMs: 90_000, intervalMs: 200 },
      );
      await expectExact();
    },
    240_000,
  );

  it('keeps the one of two conflicting events that was kept live, whatever the order of the replay', async () => {
    const day = { userId: 'torn', sessionId: 'same', timezone: 'UTC' };
    const [startMs, hourMs] = [Date.parse('2025-05-05T08:00:00Z'), 3_600_000];
    const first: ReferenceSession = { ...day, startMs, endMs: startMs + hourMs };
    const second: ReferenceSession = { ...day, startMs, endMs: startMs + 2 * hourMs };
    const checkIn = (atMs: number) => ({ userId: 'torn', checkInId: 'same', atMs, timezone: 'UTC' });
    const json = (atMs: number) =>
      JSON.stringify({ type: 'CheckInRecorded', ...checkIn(atMs), at: new Date(atMs).toISOString() });
    const letters = async () => (await pipeline.pool.query('SELECT FROM dead_letters')).rowCount ?? 0;
    const before = await letters();
    // The first committed lies in the last partition, which a replay comes to last.
    for (const [session, atMs, partition] of [
      [first, startMs, 3],
      [second, startMs + 48 * hourMs, 0],
    ] as const) {
      const values = [toJson(session), json(atMs)];
      await sendRaw(
        pipeline.brokers,
        pipeline.topic,
        values.map((value) => ({ key: 'torn', value, partition })),
      );
      await input.settle();
    }
    const times: number[] = [];
    await readTopic(pipeline, (partition, { key, timestamp }) => {
      if (partition === 3 && key?.toString() === 'torn') times.push(Number(timestamp));
    });
    const [sessionMs = 0, checkInMs = 0] = times;
    others.push({ event: { kind: 'session', session: first }, recordTimeMs: sessionMs });
    others.push({ event: { kind: 'check-in', checkIn: checkIn(startMs) }, recordTimeMs: checkInMs });
    const { rebuilt } = await rebuildInstallation(pipeline.environment);
    expect(rebuilt).toMatchObject({ differences: 0, comparison: { conflicts: 2 }, swapped: { corrected: 0 } });
    expect(await letters()).toBe(before + 2);
    await pipeline.pool.query("DELETE FROM dead_letters WHERE user_id = 'torn'");
    await expectExact();
  }, 120_000);

  it('refuses to let facts go that are not in the log, unless told so', async () => {
    const at = `'2025-01-01T10:00Z'`;
    await pipeline.pool.query(
      `INSERT INTO focus_sessions VALUES ('foreign', 's', ${at}, '2025-01-01T10:10Z', 'UTC', ${at});
       INSERT INTO special_users (user_id, erased_at) VALUES ('foreign-erased', ${at})`,
    );
    await expect(rebuildInstallation(pipeline.environment)).rejects.toThrow(
      /only the live tables have \(1 of focus_sessions, 1 of special_users\)/,
    );
    await rebuildInstallation(pipeline.environment, { mayDropUnlogged: true });
    await expectExact();
  }, 120_000);

  it('of Redis alone brings back what is wrong or gone there', async () => {
    const { redis, redisKeyPrefix } = pipeline;
    const [key] = (await redis.keys(`${redisKeyPrefix}*:streak:focus:user-1*`)).sort();
    await redis.set(key ?? '', '1:9999:{"r":[[1,1]],"z":"UTC"}');
    await redis.set(`${redisKeyPrefix}{3}:streak:focus:nobody`, '99:1:{"r":[[1,1]],"z":"UTC"}');
    await redis.zadd(`${redisKeyPrefix}{board:activity}:qualified`, -1, 'zzzzzzzzghost');
    await rebuildInstallation(pipeline.environment, { isRedisOnly: true });
    await redis.del(`${redisKeyPrefix}{3}:streak:focus:nobody`);
    await expectExact();
  }, 120_000);

  it('refuses a log whose beginning is gone, and takes the facts instead', async () => {
    await input.settle();
    const expected = await input.expectation(others);
    await withAdmin(pipeline.brokers, async (admin) => {
      await admin.fetchTopicMetadata({ topics: [pipeline.topic] }); // deleteTopicRecords does not ask for it
      await admin.deleteTopicRecords({ topic: pipeline.topic, partitions: [{ partition: 1, offset: '10' }] });
    });
    await expect(rebuildInstallation(pipeline.environment)).rejects.toThrow(/--from sessions/);
    const { rebuilt } = await rebuildInstallation(pipeline.environment, { source: 'sessions' });
    expect(rebuilt).toMatchObject({ differences: 0, swapped: { corrected: 0 } });
    await expectSound();
    expect(await input.faults(expected)).toEqual([]);
  }, 120_000);
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
     WHERE n.nspname = 'public' AND c.relname = ANY($1) ORDER BY 1`,
    [REBUILT_TABLES],
  );
  return rows;
}
