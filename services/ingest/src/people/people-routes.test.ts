import request from 'supertest';
import { createTestApp, nowMs } from '../ingest-app.fixture';

describe('DELETE /users/{userId}', () => {
  it('publishes the erasure; with Prefer: wait it answers 200 once that is done', async () => {
    const { app, control, published, waits } = createTestApp();
    const accepted = await request(app).delete('/users/ada');
    expect([accepted.status, accepted.body]).toEqual([202, { userId: 'ada', status: 'accepted' }]);
    expect(accepted.headers['location']).toBeUndefined();
    control.reply = { outcome: 'processed', changeType: 'USER_ERASED' };
    const erased = await request(app).delete('/users/ada').set('Prefer', 'wait=1');
    expect([erased.status, erased.body]).toEqual([200, { userId: 'ada', status: 'processed' }]);
    expect(erased.headers['preference-applied']).toBe('wait=1');
    expect(waits).toMatchObject([{ awaited: { userId: 'ada' } }]);
    expect(published.map(({ event }) => event)).toEqual(Array(2).fill({ kind: 'erasure', userId: 'ada' }));
  });

  it('refuses what is no id', async () => {
    const { app, published } = createTestApp();
    const response = await request(app).delete(`/users/${'x'.repeat(129)}`);
    expect(response.body).toMatchObject({ status: 400, errors: [{ field: 'userId', code: 'INVALID_ID' }] });
    expect(published).toEqual([]);
  });
});

describe('/users/{userId}/friends/{friendId}', () => {
  it('publishes a friend added or removed, at the time of the request', async () => {
    const { app, published } = createTestApp();
    const added = await request(app).put('/users/ada/friends/gr%C3%A4ce');
    const removed = await request(app).delete('/users/ada/friends/gr%C3%A4ce');
    expect([added.status, removed.status]).toEqual([202, 202]);
    expect(added.body).toEqual({ userId: 'ada', friendId: 'gräce', status: 'accepted' });
    const event = { kind: 'friendship', userId: 'ada', friendId: 'gräce', changedAtMs: nowMs };
    expect(published.map((one) => one.event)).toEqual([
      { ...event, isFriend: true },
      { ...event, isFriend: false },
    ]);
  });

  it('takes a body for nothing: none is asked for', async () => {
    const { app } = createTestApp();
    const response = await request(app).put('/users/ada/friends/grace').type('form').send({ a: '1' });
    expect(response.status).toBe(202);
  });

  it.each(['put', 'delete'] as const)('refuses to %s oneself and what is no id', async (method) => {
    const { app, published } = createTestApp();
    const own = await request(app)[method]('/users/ada/friends/ada');
    expect(own.status).toBe(400);
    expect(own.body.errors).toMatchObject([{ field: 'friendId' }]);
    const bad = await request(app)[method]('/users/%20/friends/%20');
    expect(bad.body.errors.map(({ field }: { field: string }) => field)).toEqual(
      expect.arrayContaining(['userId', 'friendId']),
    );
    expect(published).toEqual([]);
  });
});
