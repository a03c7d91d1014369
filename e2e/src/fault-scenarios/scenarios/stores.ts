import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@streaks/testing/wait-for';
import { Client } from 'pg';
import { startUrlProxy } from '../proxy/tcp-proxy';
import type { Scenario } from '../scenario';
import { expectSameProcesses } from './brokers';

const LOAD = { records: 4_000, users: 400, durationMs: 60_000 };

export const postgresKilled: Scenario = {
  name: 'postgres-killed',
  about: 'kill -9 and restart of Postgres, three times under load',
  run: async ({ openStage, servers: { stack } }) => {
    const stage = await openStage();
    stage.startLoad(LOAD);
    for (let round = 1; round <= 3; round += 1) {
      await stage.recover(round === 1 ? 'the start' : 'the next wave');
      stack.kill('postgres', 'SIGKILL');
      await stack.restart('postgres');
      await stage.recover(`kill -9 of Postgres, ${round} of 3`);
    }
    await stage.finish();
    expectSameProcesses(stage, 2);
  },
};

export const connectionsExhausted: Scenario = {
  name: 'postgres-connections-exhausted',
  about: 'every connection of Postgres is taken by others, and the processors lose theirs',
  run: async ({ openStage, servers: { addresses }, print }) => {
    const stage = await openStage();
    stage.startLoad(LOAD);
    await stage.recover('the start');
    const taken: Client[] = [];
    const take = async (): Promise<boolean> => {
      const client = new Client({ connectionString: addresses.DATABASE_URL, application_name: 'greedy' });
      client.on('error', () => undefined);
      try {
        await client.connect();
        taken.push(client);
        return true;
      } catch {
        return false;
      }
    };
    try {
      // Ours are a superuser's: they may take the reserved ones too. As fast as the processors lose one, it is taken.
      while (await take());
      const judge = taken.pop();
      if (judge === undefined) throw new Error('not one connection was to be had');
      await waitFor(
        async () => {
          // A processor may be quicker with the one that it lost than we are: until it is not.
          const { rowCount } = await judge.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'streak-processor%'`,
          );
          while (await take());
          return rowCount === 0;
        },
        { description: 'the processors to have no connection left', timeoutMs: 40_000 },
      );
      print(`  ${taken.length} connections taken`);
      await judge.end();
    } finally {
      await Promise.all(taken.map((client) => client.end()));
    }
    await stage.recover('the connections were free again');
    await stage.finish();
    expectSameProcesses(stage, 2);
  },
};

export const redisEmptied: Scenario = {
  name: 'redis-emptied',
  about: 'FLUSHALL, kill -9, and a restart without data, under load; applying and publishing go on meanwhile',
  run: async ({ openStage, servers: { stack, dir } }) => {
    const stage = await openStage();
    stage.startLoad(LOAD);
    await stage.recover('the start');
    await stage.redis.flushall();
    await stage.recover('FLUSHALL');
    stack.kill('redis', 'SIGKILL');
    await stage.recover('kill -9 of Redis, which stays away, for Postgres and Kafka', { outlets: ['published_seq'] });
    rmSync(join(dir, 'redis', 'dump.rdb'), { force: true });
    await stack.restart('redis');
    await stage.recover('the restart of an empty Redis');
    await stage.finish();
    expectSameProcesses(stage, 2);
  },
};

const ROUND_TRIP_MS = 30_000;

export const redisSlow: Scenario = {
  name: 'redis-slow',
  about: '30 s of latency to Redis, under load; applying and publishing go on meanwhile',
  run: async ({ openStage, servers: { addresses } }) => {
    const proxy = await startUrlProxy(addresses.REDIS_URL);
    try {
      const stage = await openStage({ env: { REDIS_URL: proxy.url } });
      stage.startLoad(LOAD);
      await stage.recover('the start');
      proxy.delay(ROUND_TRIP_MS / 2);
      const slowSinceMs = performance.now();
      while (performance.now() - slowSinceMs < ROUND_TRIP_MS + 5_000) {
        await stage.recover('Redis became slow, for Postgres and Kafka', { outlets: ['published_seq'] });
      }
      proxy.heal();
      await stage.recover('Redis was quick again');
      await stage.finish();
      expectSameProcesses(stage, 2);
      await stage.close();
    } finally {
      await proxy.close();
    }
  },
};
