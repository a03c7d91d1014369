import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import {
  BufferFullError,
  KafkaUnavailableError,
  RecordRefusedError,
} from '@streaks/shared/kafka/producer/reliable-producer';
import request from 'supertest';
import { createTestApp, goodBody, nowMs } from '../ingest-app.fixture';
import { EncoderUnavailableError } from '../publishing/publish-problems';

const post = (app: Parameters<typeof request>[0], body: object, headers: Record<string, string> = {}) =>
  request(app).post('/sessions').set(headers).send(body);

describe('POST /sessions', () => {
  it('answers 202 with the address of the status once the session is published', async () => {
    const { app, published } = createTestApp();
    const response = await post(app, goodBody, { 'X-Request-Id': 'req-7' });
    expect(response.status).toBe(202);
    const statusUrl = 'http://query.example/sessions/u%2F1/s-1';
    expect(response.body).toEqual({ sessionId: 's-1', userId: 'u/1', status: 'accepted', statusUrl });
    expect(response.headers['location']).toBe(statusUrl);
    expect(published).toEqual([
      {
        requestId: 'req-7',
        event: {
          kind: 'session',
          sessionId: 's-1',
          userId: 'u/1',
          startMs: Date.parse(goodBody.startTime),
          endMs: Date.parse(goodBody.endTime),
          timezone: 'Europe/London',
        },
      },
    ]);
  });

  it('names every fault at once', async () => {
    const { app, published } = createTestApp();
    const response = await post(app, {
      sessionId: 'has space',
      startTime: '2026-03-10 10:00',
      endTime: new Date(nowMs + 300_001).toISOString(),
      timezone: '+05:30',
      durration: 5,
      type: 'SessionRetracted',
    });
    expect(response.status).toBe(400);
    expect(response.body.code).toBe('STREAKS_INVALID_SESSION');
    expect(response.body.errors.map(({ field, code }: { field: string; code: string }) => [field, code])).toEqual([
      ['userId', 'REQUIRED'],
      ['sessionId', 'INVALID_ID'],
      ['startTime', 'NOT_AN_INSTANT'],
      ['endTime', 'IN_THE_FUTURE'],
      ['timezone', 'OFFSET_TIMEZONE'],
      ['durration', 'UNKNOWN_FIELD'],
      ['type', 'UNSUPPORTED_TYPE'],
    ]);
    expect(published).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ['an end before its start', { endTime: '2026-03-10T09:00:00Z' }, 'endTime', 'END_NOT_AFTER_START'],
    ['more than seven days', { startTime: '2026-03-01T00:00:00Z' }, 'endTime', 'TOO_LONG'],
    ['an instant before 1970', { startTime: '1969-12-31T23:59:59Z' }, 'startTime', 'BEFORE_1970'],
    ['an unknown zone', { timezone: 'Mars/Olympus' }, 'timezone', 'UNKNOWN_TIMEZONE'],
    ['a number for an id', { userId: 17 }, 'userId', 'INVALID_ID'],
    ['a null', { sessionId: null }, 'sessionId', 'INVALID_ID'],
    ['no session id', { sessionId: undefined }, 'sessionId', 'REQUIRED'],
  ])('refuses %s', async (_name, change, field, code) => {
    const { app } = createTestApp();
    const response = await post(app, { ...goodBody, ...change });
    expect(response.status).toBe(400);
    expect(response.body.errors).toContainEqual(expect.objectContaining({ field, code }));
  });

  it.each(['[]', '3', 'null', '"text"'])('says what a session is when the body is %s', async (body) => {
    const { app } = createTestApp();
    const response = await request(app).post('/sessions').set('Content-Type', 'application/json').send(body);
    expect(response.body).toMatchObject({ status: 400, errors: [{ field: '', code: 'NOT_AN_OBJECT' }] });
  });

  it('answers 415 for what does not say it is JSON, 413 for too much, 400 for bytes that are no UTF-8', async () => {
    const { app } = createTestApp();
    const form = await request(app).post('/sessions').type('form').send({ a: '1' });
    expect(form.body.code).toBe('STREAKS_UNSUPPORTED_MEDIA_TYPE');
    expect(form.headers['accept-post']).toBe('application/json');
    const large = await post(app, { ...goodBody, userId: 'x'.repeat(20_000) });
    expect(large.body.code).toBe('STREAKS_BODY_TOO_LARGE');
    const sent = Buffer.concat([Buffer.from('{"userId":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const binary = await request(app)
      .post('/sessions')
      .set('Content-Type', 'application/json')
      .serialize((body: unknown) => body as string)
      .send(sent as unknown as object);
    expect(binary.body.code).toBe('STREAKS_MALFORMED_JSON');
  });

  it.each([
    ['Kafka is away', new KafkaUnavailableError('not_sent', 'away'), 'STREAKS_KAFKA_UNAVAILABLE'],
    ['an acknowledgement is lost', new KafkaUnavailableError('unknown', 'lost'), 'STREAKS_KAFKA_UNAVAILABLE'],
    ['the buffer is full', new BufferFullError(20_000, 1_000), 'STREAKS_OVERLOADED'],
    ['the registry has not answered yet', new EncoderUnavailableError('not yet'), 'STREAKS_REGISTRY_UNAVAILABLE'],
  ])('answers 503 with Retry-After when %s', async (_name, error, code) => {
    const { app, control } = createTestApp();
    control.publish = () => Promise.reject(error);
    const response = await post(app, goodBody);
    expect(response.status).toBe(503);
    expect(response.body.code).toBe(code);
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
    expect(response.headers['location']).toBeUndefined();
  });

  it('answers 400 for a session that Kafka will never take', async () => {
    const { app, control } = createTestApp();
    control.publish = () => Promise.reject(new RecordRefusedError('too large'));
    expect((await post(app, goodBody)).body).toMatchObject({ status: 400, errors: [{ code: 'REFUSED_BY_KAFKA' }] });
  });
});

describe('POST /sessions with Prefer: wait', () => {
  const state = {
    runs: [{ first: Math.floor(nowMs / 86_400_000) - 2, length: 3 }] as { first: LocalDay; length: number }[],
    timezone: 'Europe/London',
    version: 3,
    updatedAtMs: nowMs,
  };

  it('listens before it publishes and answers 201 with the streak as of now', async () => {
    const { app, control, waits, published } = createTestApp();
    control.reply = { outcome: 'processed', state };
    const response = await post(app, goodBody, { Prefer: 'wait=10' });
    expect(response.status).toBe(201);
    expect(response.headers['preference-applied']).toBe('wait=10');
    expect(response.headers['location']).toBe('http://query.example/sessions/u%2F1/s-1');
    expect(response.body).toMatchObject({
      status: 'processed',
      streak: { currentStreak: 3, longestStreak: 3, lastQualifiedDate: '2026-03-10', qualifiedDaysCount: 3 },
    });
    expect(waits).toEqual([{ awaited: { userId: 'u/1', eventId: 's-1' }, publishedBefore: 0, timeoutMs: 10_000 }]);
    expect(published[0]?.replyTo).toBe('streaks:reply:1#1');
  });

  it('answers 200 for a repeat', async () => {
    const { app, control } = createTestApp();
    control.reply = { outcome: 'duplicate', state };
    const response = await post(app, goodBody, { Prefer: 'wait=1' });
    expect([response.status, response.body.status, response.body.streak.currentStreak]).toEqual([200, 'duplicate', 3]);
  });

  it('answers zeros for a user whom no session has given a streak yet', async () => {
    const { app, control } = createTestApp();
    control.reply = { outcome: 'processed' };
    const response = await post(app, goodBody, { Prefer: 'wait=1' });
    const zeros = { currentStreak: 0, longestStreak: 0, lastQualifiedDate: null, qualifiedDaysCount: 0 };
    expect([response.status, response.body.streak]).toEqual([201, zeros]);
  });

  it('answers 422 with the reason when the processor refused it', async () => {
    const { app, control } = createTestApp();
    control.reply = { outcome: 'rejected', reason: 'SESSION_CONFLICT', detail: 'another session has this id' };
    const response = await post(app, goodBody, { Prefer: 'wait=1' });
    expect(response.status).toBe(422);
    expect(response.body).toMatchObject({
      code: 'STREAKS_SESSION_REFUSED',
      reason: 'SESSION_CONFLICT',
      sessionId: 's-1',
    });
  });

  it('answers 202 when the wait runs out', async () => {
    const { app } = createTestApp();
    const response = await post(app, goodBody, { Prefer: 'wait=1' });
    expect([response.status, response.body.status]).toEqual([202, 'accepted']);
    expect(response.headers['preference-applied']).toBe('wait=1');
  });

  it('publishes and answers 202 without having waited when Redis is away', async () => {
    const { app, control, published } = createTestApp();
    control.reply = 'away';
    const response = await post(app, goodBody, { Prefer: 'wait=5' });
    expect(response.status).toBe(202);
    expect(response.headers['preference-applied']).toBeUndefined();
    expect(published).toHaveLength(1);
  });

  it('gives up its wait when the session could not be published', async () => {
    const { app, control, waits } = createTestApp();
    control.publish = () => Promise.reject(new BufferFullError(1, 1));
    expect((await post(app, goodBody, { Prefer: 'wait=5' })).status).toBe(503);
    expect(waits).toMatchObject([{ publishedBefore: 0, cancelled: true }]);
  });

  it('waits 30 seconds at most', async () => {
    const { app, waits } = createTestApp();
    await post(app, goodBody, { Prefer: 'respond-async, wait=600' });
    expect(waits[0]?.timeoutMs).toBe(30_000);
  });
});

describe('health and metrics of ingest', () => {
  it('is ready without Redis and not without Kafka', async () => {
    const { app, control } = createTestApp();
    expect((await request(app).get('/health/ready')).body.checks).toEqual({
      kafka: 'up',
      registry: 'up',
      redis: 'degraded',
    });
    control.ready = false;
    expect((await request(app).get('/health/ready')).status).toBe(503);
    expect((await request(app).get('/health/live')).status).toBe(200);
  });

  it('counts sessions by route and result and shows the producer', async () => {
    const { app } = createTestApp();
    await post(app, goodBody);
    await post(app, {});
    const { text } = await request(app).get('/metrics');
    expect(text).toContain('streaks_ingest_sessions_total{route="single",result="accepted"} 1');
    expect(text).toContain('streaks_ingest_sessions_total{route="single",result="rejected"} 1');
    expect(text).toContain('streaks_ingest_buffer_records 3');
    expect(text).toContain('streaks_ingest_produce_batches_total 4');
  });
});
