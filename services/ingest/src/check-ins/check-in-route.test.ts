import { validateUserEvent } from '@streaks/shared/contracts/user-event-codec';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { KafkaUnavailableError, RecordRefusedError } from '@streaks/shared/kafka/producer/reliable-producer';
import fc from 'fast-check';
import request from 'supertest';
import { goodId, hostileBodies } from '../hostile-bodies.fixture';
import { createTestApp, nowMs } from '../ingest-app.fixture';

const good = { userId: 'u/1', checkInId: 'c-1', timezone: 'Asia/Tokyo', at: '2026-03-10T11:00:00.5Z' };
const limits = { recordTimeMs: nowMs, maxDurationMs: 604_800_000, maxFutureMs: 300_000 };

const post = (app: Parameters<typeof request>[0], body: unknown, headers: Record<string, string> = {}) =>
  request(app)
    .post('/check-ins')
    .set({ 'Content-Type': 'application/json', ...headers })
    .serialize(JSON.stringify)
    .send(body as object);

const state = {
  runs: [{ first: Math.floor(nowMs / 86_400_000) as LocalDay, length: 1 }],
  timezone: 'Asia/Tokyo',
  version: 1,
  updatedAtMs: nowMs,
};

// Hundreds of requests, on a machine that may have more to do.
jest.setTimeout(60_000);

describe('POST /check-ins', () => {
  it('answers 202 with the address of the status once the check-in is published', async () => {
    const { app, published } = createTestApp();
    const response = await post(app, good, { 'X-Request-Id': 'req-7' });
    const statusUrl = 'http://query.example/check-ins/u%2F1/c-1';
    expect(response.status).toBe(202);
    expect(response.body).toEqual({ checkInId: 'c-1', userId: 'u/1', status: 'accepted', statusUrl });
    expect(response.headers['location']).toBe(statusUrl);
    const atMs = Date.parse(good.at);
    const event = { kind: 'check-in', userId: 'u/1', checkInId: 'c-1', timezone: 'Asia/Tokyo', atMs };
    expect(published).toEqual([{ requestId: 'req-7', event }]);
  });

  it('makes an id and takes now where neither is given', async () => {
    const { app, published } = createTestApp();
    const { body } = await post(app, { userId: 'u', timezone: 'UTC' });
    await post(app, { userId: 'u', timezone: 'UTC' });
    expect(body.checkInId).toBe('made-1');
    expect(published.map(({ event }) => event)).toEqual([
      { kind: 'check-in', userId: 'u', checkInId: 'made-1', timezone: 'UTC', atMs: nowMs },
      { kind: 'check-in', userId: 'u', checkInId: 'made-2', timezone: 'UTC', atMs: nowMs },
    ]);
  });

  it('names every fault at once', async () => {
    const { app, published } = createTestApp();
    const response = await post(app, {
      checkInId: null,
      at: new Date(nowMs + 300_001).toISOString(),
      timezone: '+05:30',
      wen: 'now',
    });
    expect([response.status, response.body.code]).toEqual([400, 'STREAKS_INVALID_REQUEST']);
    expect(response.body.errors.map(({ field, code }: { field: string; code: string }) => [field, code])).toEqual([
      ['userId', 'REQUIRED'],
      ['checkInId', 'INVALID_ID'],
      ['at', 'IN_THE_FUTURE'],
      ['timezone', 'OFFSET_TIMEZONE'],
      ['wen', 'UNKNOWN_FIELD'],
    ]);
    expect(published).toEqual([]);
  });

  it.each(['[]', '3', 'null', '"text"'])('says what a check-in is when the body is %s', async (body) => {
    const { app } = createTestApp();
    const response = await request(app).post('/check-ins').set('Content-Type', 'application/json').send(body);
    expect(response.body).toMatchObject({ status: 400, errors: [{ field: '', code: 'NOT_AN_OBJECT' }] });
  });

  it('answers 415 for a form, 413 for too much and 503 while Kafka is away', async () => {
    const { app, control } = createTestApp();
    expect((await request(app).post('/check-ins').type('form').send({ a: '1' })).status).toBe(415);
    expect((await post(app, { ...good, userId: 'x'.repeat(20_000) })).status).toBe(413);
    control.publish = () => Promise.reject(new KafkaUnavailableError('unknown', 'away'));
    expect((await post(app, good)).body.code).toBe('STREAKS_KAFKA_UNAVAILABLE');
    control.publish = () => Promise.reject(new RecordRefusedError('too large'));
    expect((await post(app, good)).body).toMatchObject({ status: 400, errors: [{ code: 'REFUSED_BY_KAFKA' }] });
  });

  it.each([
    ['processed', 'FIRST_ACTIVITY', 201],
    ['duplicate', 'STREAK_MAINTAINED', 200],
    ['erased', undefined, 200],
  ] as const)('with Prefer: wait tells of one that is %s', async (outcome, changeType, status) => {
    const { app, control, waits } = createTestApp();
    control.reply = { outcome, changeType, state };
    const response = await post(app, good, { Prefer: 'wait=5' });
    expect(response.status).toBe(status);
    expect(response.body).toEqual({
      checkInId: 'c-1',
      userId: 'u/1',
      statusUrl: 'http://query.example/check-ins/u%2F1/c-1',
      status: outcome,
      ...(changeType === undefined ? {} : { changeType }),
      streak: { currentStreak: 1, longestStreak: 1, lastQualifiedDate: '2026-03-10', qualifiedDaysCount: 1 },
    });
    expect(waits).toMatchObject([{ awaited: { userId: 'u/1', eventId: 'c-1' }, timeoutMs: 5_000 }]);
  });

  it('with Prefer: wait answers 422 with the reason when the processor refused it', async () => {
    const { app, control } = createTestApp();
    control.reply = { outcome: 'rejected', reason: 'CHECK_IN_CONFLICT', detail: 'another check-in has this id' };
    const response = await post(app, good, { Prefer: 'wait=5' });
    expect(response.status).toBe(422);
    expect(response.body).toMatchObject({
      code: 'STREAKS_EVENT_REFUSED',
      reason: 'CHECK_IN_CONFLICT',
      checkInId: 'c-1',
    });
  });

  it('takes whatever the processor takes, and refuses the rest with a reason and without publishing it', async () => {
    const { app, published } = createTestApp();
    await fc.assert(
      fc.asyncProperty(hostileBodies(good), async (body) => {
        published.length = 0;
        const { status, body: answer } = await post(app, body);
        const [event] = published.map((one) => one.event);
        if (status === 202 && event?.kind === 'check-in') {
          expect(validateUserEvent(event, limits)).toBeUndefined();
          expect([answer.userId, answer.checkInId]).toEqual([event.userId, event.checkInId]);
        } else {
          expect([status, published]).toEqual([400, []]);
          expect(answer.errors?.length ?? 1).toBeGreaterThan(0);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('takes every good id and keeps it', async () => {
    const { app, published } = createTestApp();
    await fc.assert(
      fc.asyncProperty(goodId, goodId, async (userId, checkInId) => {
        published.length = 0;
        const { headers } = await post(app, { ...good, userId, checkInId });
        expect(published[0]?.event).toMatchObject({ userId, checkInId });
        const parts = String(headers['location']).split('/').slice(-2).map(decodeURIComponent);
        expect(parts).toEqual([userId, checkInId]);
      }),
      { numRuns: 100 },
    );
  });
});
