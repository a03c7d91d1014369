import { once } from 'node:events';
import express from 'express';
import { Registry } from 'prom-client';
import request from 'supertest';
import { problem } from '../errors/problem';
import { createLogger } from '../observability/create-logger';
import { createHttpApp, type HttpAppOptions } from './create-app';
import { listen } from './listen';

function createApp(changes: Partial<HttpAppOptions> = {}) {
  return createHttpApp({
    serviceName: 'test',
    logger: createLogger({ service: 'test', level: 'silent' }),
    registry: new Registry(),
    readiness: async () => ({ kafka: 'up' }),
    liveness: () => true,
    routes: (app) => {
      app.post('/things/:id', express.json({ limit: 100 }), (req, res) =>
        res.json({ id: req.params['id'], got: req.body }),
      );
      app.get('/refused', () => {
        throw problem({ code: 'STREAKS_KAFKA_UNAVAILABLE', detail: 'away', headers: { 'Retry-After': '2' } });
      });
      app.get('/bug', () => {
        throw new Error('a secret of the inside');
      });
    },
    ...changes,
  });
}

describe('createHttpApp', () => {
  it('takes a well-formed X-Request-Id and makes one otherwise', async () => {
    const app = createApp();
    const given = await request(app).post('/things/1').set('X-Request-Id', 'abc-1').send({});
    expect(given.headers['x-request-id']).toBe('abc-1');
    const made = await request(app).post('/things/1').set('X-Request-Id', 'a b"c').send({});
    expect(made.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    [
      'malformed JSON',
      { method: 'post', path: '/things/1', body: '{"a":', type: 'application/json' },
      400,
      'STREAKS_MALFORMED_JSON',
    ],
    [
      'a body over the limit',
      { method: 'post', path: '/things/1', body: `{"a":"${'x'.repeat(100)}"}`, type: 'application/json' },
      413,
      'STREAKS_BODY_TOO_LARGE',
    ],
    [
      'an unknown charset',
      { method: 'post', path: '/things/1', body: '{}', type: 'application/json; charset=klingon' },
      415,
      'STREAKS_UNSUPPORTED_MEDIA_TYPE',
    ],
    ['an unknown path', { method: 'get', path: '/nowhere' }, 404, 'STREAKS_ROUTE_NOT_FOUND'],
    ['a path that is not percent encoding', { method: 'post', path: '/things/%zz' }, 400, 'STREAKS_MALFORMED_REQUEST'],
    ['an unknown method', { method: 'delete', path: '/things/1' }, 405, 'STREAKS_METHOD_NOT_ALLOWED'],
    ['a problem that a route threw', { method: 'get', path: '/refused' }, 503, 'STREAKS_KAFKA_UNAVAILABLE'],
    ['an unexpected error', { method: 'get', path: '/bug' }, 500, 'STREAKS_INTERNAL'],
  ] as const)('answers %s with problem details', async (_name, call, status, code) => {
    const pending = request(createApp())[call.method](call.path);
    const response = await ('body' in call ? pending.set('Content-Type', call.type).send(call.body) : pending);
    expect(response.status).toBe(status);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.body).toMatchObject({ type: `urn:streaks:problem:${code}`, status, code });
    expect(response.body.requestId).toBe(response.headers['x-request-id']);
    expect(response.text).not.toContain('secret of the inside');
  });

  it('says in Allow which methods a path has, and passes on headers of a problem', async () => {
    const app = createApp();
    expect((await request(app).get('/things/1')).headers['allow']).toBe('POST');
    expect((await request(app).get('/refused')).headers['retry-after']).toBe('2');
  });

  it('is ready while nothing is down, and names each dependency', async () => {
    expect((await request(createApp()).get('/health/ready')).body).toMatchObject({
      status: 'up',
      checks: { kafka: 'up' },
    });
    const down = await request(createApp({ readiness: async () => ({ kafka: 'down', registry: 'up' }) })).get(
      '/health',
    );
    expect(down.status).toBe(503);
    expect(down.body).toMatchObject({ status: 'down', checks: { kafka: 'down', registry: 'up' } });
    const failing = await request(createApp({ readiness: () => Promise.reject(new Error('x')) })).get('/health/ready');
    expect(failing.status).toBe(503);
    expect((await request(createApp({ liveness: () => false })).get('/health/live')).status).toBe(503);
  });

  it('measures by route pattern, never by path', async () => {
    const app = createApp();
    await request(app).post('/things/1').send({});
    await request(app).get('/no/such/path');
    const { text } = await request(app).get('/metrics');
    expect(text).toContain('method="POST",route="/things/:id",status="200"');
    expect(text).toContain('method="GET",route="unmatched",status="404"');
    expect(text).not.toContain('/no/such');
  });
});

describe('listen', () => {
  const options = { host: '127.0.0.1', port: 0, insecure: false };

  it('refuses an address that other machines can reach unless told so', async () => {
    await expect(listen(createApp(), { ...options, host: '0.0.0.0' })).rejects.toThrow(/STREAKS_INSECURE=1/);
    const listener = await listen(createApp(), { ...options, host: '0.0.0.0', insecure: true });
    await listener.close(0);
  });

  it('says which port is in use', async () => {
    const first = await listen(createApp(), options);
    await expect(listen(createApp(), { ...options, port: first.port })).rejects.toThrow(
      `port ${first.port} on 127.0.0.1 is in use`,
    );
    await first.close(0);
  });

  it('finishes the request at hand when closing, and takes no new one', async () => {
    let answer = () => {};
    const arrived = { emitter: new EventTarget() };
    const app = createApp({
      routes: (routes) =>
        routes.get('/slow', (_req, res) => {
          answer = () => res.json({ done: true });
          arrived.emitter.dispatchEvent(new Event('arrived'));
        }),
    });
    const listener = await listen(app, options);
    const seen = once(arrived.emitter, 'arrived');
    const pending = fetch(`http://127.0.0.1:${listener.port}/slow`);
    await seen;
    const closed = listener.close(5_000);
    answer();
    expect(await (await pending).json()).toEqual({ done: true });
    await closed;
    await expect(fetch(`http://127.0.0.1:${listener.port}/slow`)).rejects.toThrow();
  });
});
