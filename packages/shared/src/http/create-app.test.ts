import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import express from 'express';
import { Registry } from 'prom-client';
import request from 'supertest';
import { problem } from '../errors/problem';
import { createLogger } from '../observability/create-logger';
import { createHttpApp, type HttpAppOptions } from './create-app';
import { listen } from './listen';
import { sendJson } from './send-json';

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

  it.each([
    ['a fast answer', '/fast', 200],
    ["express' own answer", '/plain', 200],
    ['a problem', '/nowhere', 404],
    ['an answer of health', '/health/live', 200],
  ])('gives the security headers and the correlation id to %s', async (_name, path, status) => {
    const app = createApp({
      routes: (routes) => {
        routes.get('/fast', (_req, res) => sendJson(res, 200, { a: 'ü' }, { Location: '/x' }));
        routes.get('/plain', (_req, res) => res.setHeader('X-Frame-Options', 'DENY').json({ a: 1 }));
      },
    });
    const response = await request(app).get(path);
    expect(response.status).toBe(status);
    expect(response.headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'self'"),
      'strict-transport-security': expect.stringContaining('max-age='),
      'x-content-type-options': 'nosniff',
      'x-frame-options': path === '/plain' ? 'DENY' : 'SAMEORIGIN',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      ...(path === '/fast' ? { location: '/x', 'content-length': '10' } : {}),
    });
    expect(response.headers['x-powered-by']).toBeUndefined();
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

  it('ends the connection with the answer to the request at hand while closing, and takes no other from it', async () => {
    let answer = () => {};
    const arrivals = new EventEmitter();
    const app = createApp({
      routes: (routes) =>
        routes.get('/slow', (_req, res) => {
          answer = () => sendJson(res, 200, { done: true });
          arrivals.emit('slow');
        }),
    });
    const listener = await listen(app, options);
    const socket = connect(listener.port, '127.0.0.1');
    let received = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text;
    });
    const seen = once(arrivals, 'slow');
    socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await seen;
    const closed = listener.close(5_000);
    socket.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
    answer();
    await Promise.all([once(socket, 'close'), closed]);
    expect(received).toContain('{"done":true}');
    expect(received).toContain('Connection: close');
    expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it('refuses with STREAKS_SHUTTING_DOWN once closing has begun, except to say that it is alive', async () => {
    const app = createApp();
    const listener = await listen(app, options);
    await listener.close(0);
    const refused = await request(app).get('/health/ready');
    expect([refused.status, refused.body.code]).toEqual([503, 'STREAKS_SHUTTING_DOWN']);
    expect(refused.headers).toMatchObject({ connection: 'close', 'retry-after': '1' });
    expect((await request(app).get('/health/live')).status).toBe(200);
  });
});
