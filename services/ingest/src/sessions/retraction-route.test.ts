import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { BufferFullError } from '@streaks/shared/kafka/producer/reliable-producer';
import request from 'supertest';
import { createTestApp, nowMs } from '../ingest-app.fixture';

const retract = (app: Parameters<typeof request>[0], path = '/sessions/u%2F1/s-1', headers = {}) =>
  request(app).delete(path).set(headers);

describe('DELETE /sessions/{userId}/{sessionId}', () => {
  it('publishes the retraction and answers 202 with where the session can be looked at', async () => {
    const { app, published } = createTestApp();
    const response = await retract(app);
    const statusUrl = 'http://query.example/sessions/u%2F1/s-1';
    expect(response.status).toBe(202);
    expect(response.body).toEqual({ sessionId: 's-1', userId: 'u/1', status: 'accepted', statusUrl });
    expect(published.map(({ event }) => event)).toEqual([{ kind: 'retraction', userId: 'u/1', sessionId: 's-1' }]);
  });

  it('with Prefer: wait answers 200 with the streak that is left', async () => {
    const { app, control, waits } = createTestApp();
    const first = (Math.floor(nowMs / 86_400_000) - 1) as LocalDay;
    const state = { runs: [{ first, length: 1 }], timezone: 'Asia/Tokyo', version: 4, updatedAtMs: nowMs };
    control.reply = { outcome: 'processed', changeType: 'STREAK_REVISED', state };
    const response = await retract(app, undefined, { Prefer: 'wait=2' });
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({ status: 'processed', streak: { currentStreak: 1, qualifiedDaysCount: 1 } });
    expect(waits).toMatchObject([{ awaited: { userId: 'u/1', eventId: 's-1' }, timeoutMs: 2_000 }]);
  });

  it('names both ids where neither is one', async () => {
    const { app, published } = createTestApp();
    const response = await retract(app, '/sessions/a%20b/%00');
    expect(response.status).toBe(400);
    expect(response.body.errors).toMatchObject([
      { field: 'userId', code: 'INVALID_ID' },
      { field: 'sessionId', code: 'INVALID_ID' },
    ]);
    expect(published).toEqual([]);
  });

  it('answers 400 for a path that is no percent encoding, 405 for another method, 503 while too much waits', async () => {
    const { app, control } = createTestApp();
    expect((await retract(app, '/sessions/%zz/s')).body.code).toBe('STREAKS_MALFORMED_REQUEST');
    const put = await request(app).put('/sessions/u/s').send({});
    expect([put.status, put.headers['allow']]).toEqual([405, 'DELETE']);
    control.publish = () => Promise.reject(new BufferFullError(1, 1));
    expect((await retract(app)).body.code).toBe('STREAKS_OVERLOADED');
  });
});
