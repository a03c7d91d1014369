import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { waitFor } from '@streaks/testing/wait-for';
import { openEventSource, type SeenStream } from '../testing/event-source';
import { createStoreWorld } from '../testing/store-world';

const CHANGES = 200;
const TOPIC_ID = '7b5dbb5e-3a0d-4c0c-9f5e-0a1b2c3d4e5f';
const world = createStoreWorld({ nowMs: Date.parse('2025-01-15T12:00:00Z'), keyPrefix: 'stream-test:' });
let database: TestDatabase;
let server: Server;

beforeAll(async () => {
  database = await createTestDatabase();
  const { app } = world.createApp(database.url, await world.connectRedis(stackAddresses().REDIS_URL));
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}, 150_000);

afterAll(async () => {
  await world.close();
  await new Promise((resolve) => server.close(resolve));
  await database.drop();
}, 30_000);

/** Postgres may be slow on a busy machine: a refusal is tried again, as any client does. */
async function connect(lastId: string): Promise<SeenStream> {
  for (;;) {
    const { port } = server.address() as AddressInfo;
    const stream = await openEventSource(`http://127.0.0.1:${port}/users/u/stream`, lastId);
    if (stream.answer.statusCode === 200) {
      return stream;
    }
    stream.close();
  }
}

/** State and change in one transaction, as the processor stores them. */
async function store(ruleId: string, version: number, seq: number): Promise<void> {
  await database.pool.query(
    `WITH state AS (
       INSERT INTO user_streaks (user_id, rule_id, version) VALUES ('u', $1, $2)
       ON CONFLICT (user_id, rule_id) DO UPDATE SET version = excluded.version
     )
     INSERT INTO streak_history (shard, out_seq, user_id, rule_id, version, change_type, current_before, current_after,
       longest_before, longest_after, qualified_days_before, qualified_days_after, generation, topic_id, partition, "offset")
     VALUES (0, $3, 'u', $1, $2, 'STREAK_INCREMENT', 0, 0, 0, 0, 0, 0, 1, $4, 0, $3)`,
    [ruleId, version, seq, TOPIC_ID],
  );
}

it('tells every change exactly once to a client that keeps losing its connection', async () => {
  const seen: Record<string, unknown[]> = { focus: [], activity: [] };
  let stream = await connect('focus:0,activity:0');
  let taken = 0;
  const take = (): void => {
    for (const { data } of stream.events.slice(taken)) {
      seen[String(data['ruleId'])]?.push(data['versionAfter']);
      taken += 1;
    }
  };
  const writing = (async () => {
    for (let version = 1; version <= CHANGES; version += 1) {
      await store('focus', version, 2 * version);
      await store('activity', version, 2 * version + 1);
    }
  })();
  let connections = 1;
  await waitFor(
    async () => {
      take();
      if (connections < 10) {
        const lastId = stream.lastId();
        stream.close();
        stream = await connect(lastId);
        taken = 0;
        connections += 1;
      }
      return seen['focus']?.length === CHANGES && seen['activity']?.length === CHANGES;
    },
    { description: 'all changes', timeoutMs: 30_000 },
  );
  await writing;
  stream.close();
  const all = Array.from({ length: CHANGES }, (_, index) => index + 1);
  expect(seen).toEqual({ focus: all, activity: all });
  expect(connections).toBe(10);
}, 60_000);
