import request from 'supertest';
import { changeOf } from '../testing/memory-read-model';
import { createHarness, day } from '../testing/query-app-harness';

function withChanges(count: number) {
  const harness = createHarness();
  for (let version = 1; version <= count; version += 1) {
    harness.readModel.changes.push(changeOf('u', version));
  }
  harness.readModel.changes.push(changeOf('u', 1, { ruleId: 'activity' }), changeOf('other', 1));
  return harness;
}

describe('GET /users/{id}/history', () => {
  it('tells all of a change', async () => {
    const { app, readModel } = createHarness();
    readModel.changes.push(
      changeOf('u', 3, {
        changeType: 'STREAK_RECOVERED',
        qualifiedDate: day('2025-01-13'),
        before: { currentStreak: 1, longestStreak: 2, qualifiedDaysCount: 3, lastQualifiedDate: day('2025-01-14') },
        after: { currentStreak: 4, longestStreak: 4, qualifiedDaysCount: 4, lastQualifiedDate: day('2025-01-14') },
        timezone: 'Europe/London',
        requestId: 'r-1',
        source: { topicId: '7b5dbb5e-3a0d-4c0c-9f5e-0a1b2c3d4e5f', partition: 3, offset: 41 },
        recordedAtMs: Date.parse('2025-01-15T10:00:00.123Z'),
        eventId: 'd5c5ee0f-8f0c-1d0e-6f6e-3a0d4c0c9f5e',
      }),
    );
    const { body } = await request(app).get('/users/u/history').expect(200);
    expect(body).toEqual({
      userId: 'u',
      ruleId: 'focus',
      items: [
        {
          ruleId: 'focus',
          changeType: 'STREAK_RECOVERED',
          qualifiedDate: '2025-01-13',
          before: { currentStreak: 1, longestStreak: 2, qualifiedDaysCount: 3, lastQualifiedDate: '2025-01-14' },
          after: { currentStreak: 4, longestStreak: 4, qualifiedDaysCount: 4, lastQualifiedDate: '2025-01-14' },
          versionBefore: 2,
          versionAfter: 3,
          timezone: 'Europe/London',
          requestId: 'r-1',
          source: { topicId: '7b5dbb5e-3a0d-4c0c-9f5e-0a1b2c3d4e5f', partition: 3, offset: 41 },
          recordedAt: '2025-01-15T10:00:00.123Z',
          eventId: 'd5c5ee0f-8f0c-1d0e-6f6e-3a0d4c0c9f5e',
        },
      ],
      nextCursor: null,
    });
  });

  it('gives each change once, newest first, also while others are stored', async () => {
    const { app, readModel } = withChanges(7);
    const versions: number[] = [];
    let cursor = '';
    do {
      const { body } = await request(app).get(`/users/u/history?limit=3${cursor}`).expect(200);
      versions.push(...body.items.map(({ versionAfter }: { versionAfter: number }) => versionAfter));
      readModel.changes.push(changeOf('u', 8 + versions.length));
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    expect(versions).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });

  it('has no next page where the last one is just full', async () => {
    const { body } = await request(withChanges(3).app).get('/users/u/history?limit=3').expect(200);
    expect(body.items).toHaveLength(3);
    expect(body.nextCursor).toBeNull();
  });

  it('is of one rule, and empty for who has none', async () => {
    const { app } = withChanges(3);
    const { body } = await request(app).get('/users/u/history?ruleId=activity').expect(200);
    expect(body.items).toEqual([expect.objectContaining({ ruleId: 'activity', versionAfter: 1 })]);
    expect((await request(app).get('/users/nobody/history').expect(200)).body).toEqual({
      userId: 'nobody',
      ruleId: 'focus',
      items: [],
      nextCursor: null,
    });
  });

  it('refuses a cursor that is none, and one of the other rule', async () => {
    const { app } = withChanges(3);
    const { nextCursor } = (await request(app).get('/users/u/history?limit=1').expect(200)).body;
    for (const query of ['cursor=x', 'cursor=', `ruleId=activity&cursor=${nextCursor}`]) {
      const { body } = await request(app).get(`/users/u/history?${query}`).expect(400);
      expect(body.errors).toEqual([expect.objectContaining({ field: 'cursor', code: 'INVALID_CURSOR' })]);
    }
  });
});
