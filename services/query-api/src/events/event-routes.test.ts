import request from 'supertest';
import { createHarness } from '../testing/query-app-harness';

describe('GET /sessions/{userId}/{sessionId}', () => {
  it('answers what became of a session', async () => {
    const { app, readModel } = createHarness();
    const startMs = Date.parse('2025-01-15T10:00:00.123Z');
    readModel.sessions.set('u/a', { status: 'processed', startMs, endMs: startMs + 1, timezone: 'Asia/Tokyo' });
    readModel.sessions.set('u/gone', { status: 'retracted' });
    readModel.sessions.set('u/b/c', { status: 'rejected', reason: 'TOO_LONG', detail: 'a session must…' });
    expect((await request(app).get('/sessions/u/a').expect(200)).body).toEqual({
      userId: 'u',
      sessionId: 'a',
      status: 'processed',
      startTime: '2025-01-15T10:00:00.123Z',
      endTime: '2025-01-15T10:00:00.124Z',
      timezone: 'Asia/Tokyo',
    });
    expect((await request(app).get('/sessions/u/gone').expect(200)).body).toEqual({
      userId: 'u',
      sessionId: 'gone',
      status: 'retracted',
    });
    expect((await request(app).get('/sessions/u/b%2Fc').expect(200)).body).toEqual({
      userId: 'u',
      sessionId: 'b/c',
      status: 'rejected',
      reason: 'TOO_LONG',
      detail: 'a session must…',
    });
  });

  it('answers 404 with Retry-After for one not seen', async () => {
    const response = await request(createHarness().app).get('/sessions/u/s').expect(404);
    expect(response.headers['retry-after']).toBe('1');
    expect(response.body.code).toBe('STREAKS_SESSION_NOT_SEEN');
  });

  it('names both ids when both are wrong', async () => {
    const { body } = await request(createHarness().app).get('/sessions/a%20b/c%20d').expect(400);
    expect(body.errors.map(({ field }: { field: string }) => field)).toEqual(['userId', 'sessionId']);
  });
});

describe('GET /check-ins/{userId}/{checkInId}', () => {
  it('answers what became of a check-in', async () => {
    const { app, readModel } = createHarness();
    readModel.checkIns.set('u/a', {
      status: 'processed',
      atMs: Date.parse('2025-01-15T10:00:00.123Z'),
      timezone: 'UTC',
    });
    readModel.checkIns.set('u/b', { status: 'rejected', reason: 'CHECK_IN_CONFLICT', detail: 'other content' });
    expect((await request(app).get('/check-ins/u/a').expect(200)).body).toEqual({
      userId: 'u',
      checkInId: 'a',
      status: 'processed',
      at: '2025-01-15T10:00:00.123Z',
      timezone: 'UTC',
    });
    expect((await request(app).get('/check-ins/u/b').expect(200)).body).toEqual({
      userId: 'u',
      checkInId: 'b',
      status: 'rejected',
      reason: 'CHECK_IN_CONFLICT',
      detail: 'other content',
    });
  });

  it('answers 404 with Retry-After for one not seen', async () => {
    const response = await request(createHarness().app).get('/check-ins/u/c').expect(404);
    expect(response.headers['retry-after']).toBe('1');
    expect(response.body.code).toBe('STREAKS_CHECK_IN_NOT_SEEN');
  });
});
