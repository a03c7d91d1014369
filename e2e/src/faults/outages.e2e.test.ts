import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeStackData } from '@streaks/local-stack/remove-stack-data';
import { type Stack, startStack } from '@streaks/local-stack/start-stack';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { requestJson } from '../http/request-json';
import { sendRaw } from '../producers/raw-producer';
import { dailySession, toMessage } from '../producers/session-factory';
import { readRedisStreaks } from '../state/read-state';
import { stateFaults } from '../state/state-faults';
import { waitUntilApplied } from '../state/wait-until-applied';

const USERS = 40;

/** Postgres and Redis of their own, as these tests take them away; Kafka and the registry are those of the run. */
describe('outages of the stores', () => {
  const dir = mkdtempSync(join(tmpdir(), 'streaks-outages-'));
  let stores: Stack;
  let pipeline: Pipeline;
  let day = 0;
  const sent: ReturnType<typeof dailySession>[] = [];

  beforeAll(async () => {
    const { DATABASE_URL: _database, REDIS_URL: _redis, ...env } = process.env;
    stores = await startStack({ dir, only: ['postgres', 'redis'], ports: { postgres: 0, redis: 0 }, env });
    const addresses = {
      ...stackAddresses(),
      DATABASE_URL: stores.addresses.databaseUrl,
      REDIS_URL: stores.addresses.redisUrl,
    };
    pipeline = await startPipeline({ addresses, ingest: true, queryApi: true });
    await sendDay();
    await waitUntilApplied(pipeline);
  }, 120_000);

  afterAll(async () => {
    await pipeline?.stop();
    await stores?.stop();
    await removeStackData(dir);
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  /** One more qualified day for every user. */
  const sendDay = async (): Promise<void> => {
    const sessions = Array.from({ length: USERS }, (_, user) => dailySession(`user-${user}`, day));
    day += 1;
    sent.push(...sessions);
    await sendRaw(pipeline.brokers, pipeline.topic, sessions.map(toMessage));
  };
  const streakOf = async (userId: string) => {
    const { status, body } = await requestJson(
      `${pipeline.queryApi?.url}/users/${userId}/streak?at=2026-01-01T00:00:00Z&timezone=UTC`,
    );
    const fields = body as { longestStreak?: number };
    return { status, longestStreak: fields.longestStreak };
  };
  const health = async (service: { readonly url: string } | undefined) => requestJson(`${service?.url}/health`);

  it('refills Redis after FLUSHALL, without a new session', async () => {
    await pipeline.redis.flushall();
    expect(await streakOf('user-7')).toEqual({ status: 200, longestStreak: day });
    await waitFor(async () => (await readRedisStreaks(pipeline)).length === USERS, {
      description: 'all users in Redis',
      timeoutMs: 30_000,
    });
    expect(await stateFaults(pipeline, sent)).toEqual([]);
  }, 60_000);

  it('answers from Postgres while Redis is down, goes on applying, and catches up afterwards', async () => {
    stores.kill('redis', 'SIGKILL');
    await sendDay();
    await waitFor(async () => (await streakOf('user-3')).longestStreak === day, {
      description: 'the new day, from Postgres',
      timeoutMs: 30_000,
    });
    expect(JSON.stringify((await health(pipeline.queryApi)).body)).toMatch(/redis[^,}]*down/i);
    await stores.restart('redis');
    await waitUntilApplied(pipeline);
    await waitFor(async () => (await readRedisStreaks(pipeline)).length === USERS, {
      description: 'all users in Redis',
      timeoutMs: 30_000,
    });
    expect(await stateFaults(pipeline, sent)).toEqual([]);
  }, 90_000);

  it('answers streaks from Redis while Postgres is down, and loses nothing over kill -9', async () => {
    const killed = sendDay();
    stores.kill('postgres', 'SIGKILL');
    await killed;
    await waitFor(async () => (await streakOf('user-5')).status === 200, {
      description: 'an answer from Redis',
      timeoutMs: 20_000,
    });
    const totals = await requestJson(
      `${pipeline.queryApi?.url}/users/user-5/daily-totals?from=2025-01-01&to=2025-02-01`,
    );
    expect(totals.status).toBe(503);
    await sendDay();
    await stores.restart('postgres');
    await waitUntilApplied(pipeline);
    expect(await stateFaults(pipeline, sent)).toEqual([]);
    await waitFor(async () => (await health(pipeline.processors[0])).status === 200, {
      description: 'health to recover',
      timeoutMs: 20_000,
    });
    expect(pipeline.processors).toHaveLength(1);
  }, 120_000);
});
