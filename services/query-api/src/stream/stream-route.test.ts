import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { waitFor } from '@streaks/testing/wait-for';
import request from 'supertest';
import { openEventSource, type SeenStream } from '../testing/event-source';
import { changeOf } from '../testing/memory-read-model';
import { createHarness, type HarnessOptions, stateOf } from '../testing/query-app-harness';

let server: Server;
let harness: ReturnType<typeof createHarness>;
const seen: SeenStream[] = [];

async function start(options: HarnessOptions = {}): Promise<void> {
  harness = createHarness(options);
  server = createServer(harness.app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}

afterEach(async () => {
  await harness.streams.close();
  for (const stream of seen.splice(0)) {
    stream.close();
  }
  await new Promise((resolve) => server.close(resolve));
});

async function connect(path = '/users/u/stream', lastId?: string): Promise<SeenStream> {
  const { port } = server.address() as AddressInfo;
  const stream = await openEventSource(`http://127.0.0.1:${port}${path}`, lastId);
  seen.push(stream);
  return stream;
}

/** As the processor does: the state has the version of the last change. */
function store(version: number, details: Parameters<typeof changeOf>[2] = {}): void {
  const { readModel, putInPostgres } = harness;
  const change = changeOf('u', version, details);
  readModel.changes.push(change);
  const at = readModel.streaks.findIndex(({ userId, ruleId }) => userId === 'u' && ruleId === change.ruleId);
  readModel.streaks.splice(at, at === -1 ? 0 : 1);
  putInPostgres('u', stateOf(['2025-01-15'], 'UTC', version), change.ruleId);
}

const until = (check: () => boolean) => waitFor(check, { description: 'the stream' });
const versions = ({ events }: SeenStream) => events.map(({ data }) => data['versionAfter']);

describe('GET /users/{id}/stream', () => {
  it('begins now, and tells each change as it is stored', async () => {
    await start();
    store(1);
    const stream = await connect();
    expect(stream.answer.statusCode).toBe(200);
    expect(stream.answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    await until(() => stream.lastId() === 'focus:1,activity:0');
    store(2);
    store(1, { ruleId: 'activity' });
    await until(() => stream.events.length === 2);
    expect(stream.events).toEqual([
      {
        id: 'focus:2,activity:0',
        name: 'change',
        data: expect.objectContaining({ ruleId: 'focus', versionBefore: 1 }),
      },
      { id: 'focus:2,activity:1', name: 'change', data: expect.objectContaining({ ruleId: 'activity' }) },
    ]);
    const { body } = await request(server).get('/users/u/history?limit=1').expect(200);
    expect(stream.events[0]?.data).toEqual(body.items[0]);
  });

  it('goes on where it was left, without gap or repeat, by header or by query', async () => {
    await start();
    const first = await connect();
    store(1);
    await until(() => first.events.length === 1);
    first.close();
    store(2);
    store(3);
    const byHeader = await connect('/users/u/stream', first.lastId());
    await until(() => byHeader.events.length === 2);
    expect(versions(byHeader)).toEqual([2, 3]);
    const byQuery = await connect(`/users/u/stream?lastEventId=${first.lastId()}`);
    await until(() => byQuery.events.length === 2);
    expect(versions(byQuery)).toEqual([2, 3]);
  });

  it('may go on from before the first event, by the id that a stream begins with', async () => {
    await start();
    store(1);
    const first = await connect();
    await until(() => first.lastId() !== '');
    first.close();
    store(2);
    const second = await connect('/users/u/stream', first.lastId());
    await until(() => second.events.length === 1);
    expect(versions(second)).toEqual([2]);
  });

  it('says that the user was erased', async () => {
    await start();
    store(1);
    const stream = await connect('/users/u/stream', 'focus:0');
    await until(() => stream.events.length === 1);
    harness.readModel.changes.length = 0;
    store(2, { changeType: 'USER_ERASED' });
    await until(() => stream.events.length === 2);
    expect(stream.events[1]).toMatchObject({ id: 'focus:2,activity:0', name: 'erased', data: { ruleId: 'focus' } });
  });

  it('says so where the position is of another history', async () => {
    await start();
    store(1);
    const stream = await connect('/users/u/stream', 'focus:9,activity:0');
    await until(() => stream.events.length === 1);
    expect(stream.events[0]).toEqual({
      id: 'focus:1,activity:0',
      name: 'reset',
      data: { ruleId: 'focus', versionAfter: 1 },
    });
  });

  it('refuses an id that is none, wherever it stands, and needs Postgres to begin', async () => {
    await start();
    const { body } = await request(server)
      .get('/users/a%20b/stream?lastEventId=x')
      .set('Last-Event-ID', 'y')
      .expect(400);
    expect(body.errors.map(({ field, code }: { field: string; code: string }) => [field, code])).toEqual([
      ['userId', 'INVALID_ID'],
      ['lastEventId', 'INVALID_EVENT_ID'],
      ['Last-Event-ID', 'INVALID_EVENT_ID'],
    ]);
    harness.down.postgres = true;
    const away = await request(server).get('/users/u/stream').expect(503);
    expect(away.body.code).toBe('STREAKS_STORE_UNAVAILABLE');
  });

  it('answers HEAD without beginning', async () => {
    await start();
    const { headers } = await request(server).head('/users/u/stream').expect(200);
    expect(headers['content-type']).toMatch(/^text\/event-stream/);
  });

  it('refuses further streams where there is no place, until one is free', async () => {
    await start({ streamLimits: { maxStreams: 1 } });
    const first = await connect();
    const refused = await request(server).get('/users/u/stream').expect(503);
    expect(refused.body.code).toBe('STREAKS_TOO_MANY_STREAMS');
    expect(refused.headers['retry-after']).toBe('5');
    first.close();
    await waitFor(async () => (await request(server).head('/users/u/stream')).status === 200, {
      description: 'a free place',
    });
  });

  it('ends in good order when it is old, and when the service stops', async () => {
    await start({ streamLimits: { heartbeatEveryMs: 5, maxAgeMs: 50 } });
    const old = await connect();
    await until(() => old.text().includes(': heartbeat'));
    harness.clock.monotonic = 50;
    await until(() => old.isOver());
    expect(old.answer.complete).toBe(true);
    const young = await connect();
    await harness.streams.close();
    await until(() => young.isOver());
    expect(young.answer.complete).toBe(true);
    const { body } = await request(server).get('/users/u/stream').expect(503);
    expect(body.code).toBe('STREAKS_SHUTTING_DOWN');
  });

  it('cuts off a client that does not read', async () => {
    await start({ streamLimits: { heartbeatEveryMs: 5, slowAfterMs: 50 } });
    // 20 MB: more than the buffers of both ends of a connection.
    const requestId = 'x'.repeat(50_000);
    for (let version = 1; version <= 400; version += 1) {
      harness.readModel.changes.push(changeOf('u', version, { requestId }));
    }
    harness.putInPostgres('u', stateOf(['2025-01-15'], 'UTC', 400));
    const stream = await connect('/users/u/stream', 'focus:0');
    stream.answer.pause();
    const ended = async () => (await harness.registry.metrics()).includes('ended_total{reason="slow"} 1');
    await waitFor(
      async () => {
        harness.clock.monotonic += 50;
        return ended();
      },
      { description: 'the end' },
    );
    stream.answer.resume();
    await until(() => stream.isOver());
    expect(stream.answer.complete).toBe(false);
    expect(versions(stream)).toEqual(Array.from({ length: stream.events.length }, (_, index) => index + 1));
    expect(stream.events.length).toBeLessThan(400);
  });
});
