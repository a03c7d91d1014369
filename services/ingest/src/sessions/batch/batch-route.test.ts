import { KafkaUnavailableError, RecordRefusedError } from '@streaks/shared/kafka/producer/reliable-producer';
import request from 'supertest';
import { createTestApp, goodBody, sessionIdOf } from '../../ingest-app.fixture';

const session = (sessionId: string) => ({ ...goodBody, sessionId });
const post = (app: Parameters<typeof request>[0], body: object) => request(app).post('/sessions/batch').send(body);

describe('POST /sessions/batch', () => {
  it('accepts the good items and tells of each one in order', async () => {
    const { app, published } = createTestApp();
    const response = await post(app, { sessions: [session('a'), { ...session('b'), timezone: 'x' }, 7, session('d')] });
    expect(response.status).toBe(202);
    expect(response.body).toEqual({
      accepted: 2,
      rejected: 2,
      results: [
        { index: 0, status: 'accepted', sessionId: 'a' },
        { index: 1, status: 'rejected', sessionId: 'b', errors: [expect.objectContaining({ field: 'timezone' })] },
        { index: 2, status: 'rejected', errors: [expect.objectContaining({ code: 'NOT_AN_OBJECT' })] },
        { index: 3, status: 'accepted', sessionId: 'd' },
      ],
    });
    expect(published.map(({ event }) => sessionIdOf(event))).toEqual(['a', 'd']);
  });

  it('answers 400 with the results when none was accepted', async () => {
    const { app } = createTestApp();
    const response = await post(app, { sessions: [{}, {}] });
    expect(response.status).toBe(400);
    expect(response.body).toMatchObject({ code: 'STREAKS_NO_SESSION_ACCEPTED', accepted: 0, rejected: 2 });
    expect(response.body.results).toHaveLength(2);
  });

  it('rejects one record that Kafka refuses without the others', async () => {
    const { app, control } = createTestApp();
    control.publish = async (event) => {
      if (sessionIdOf(event) === 'b') throw new RecordRefusedError('policy');
    };
    const response = await post(app, { sessions: [session('a'), session('b')] });
    expect(response.body).toMatchObject({ accepted: 1, results: [{}, { status: 'rejected', sessionId: 'b' }] });
  });

  it('acknowledges nothing when one item could not be stored', async () => {
    const { app, control } = createTestApp();
    control.publish = async (event) => {
      if (sessionIdOf(event) === 'b') throw new KafkaUnavailableError('unknown', 'away');
    };
    const response = await post(app, { sessions: [session('a'), session('b')] });
    expect(response.status).toBe(503);
    expect(response.headers['retry-after']).toBeDefined();
    expect(response.body.results).toBeUndefined();
  });

  it.each<[string, unknown, string]>([
    ['no sessions', {}, 'REQUIRED'],
    ['a session instead of a list', { sessions: goodBody }, 'REQUIRED'],
    ['an empty list', { sessions: [] }, 'EMPTY'],
    ['1,001 sessions', { sessions: Array.from({ length: 1_001 }, () => ({})) }, 'TOO_MANY'],
  ])('refuses %s', async (_name, body, code) => {
    const { app } = createTestApp();
    const response = await post(app, body as object);
    expect(response.body).toMatchObject({ status: 400, errors: [{ field: 'sessions', code }] });
  });

  it('takes 1,000 sessions', async () => {
    const { app, published } = createTestApp();
    const response = await post(app, { sessions: Array.from({ length: 1_000 }, (_, index) => session(`s${index}`)) });
    expect(response.body.accepted).toBe(1_000);
    expect(published).toHaveLength(1_000);
  });
});
