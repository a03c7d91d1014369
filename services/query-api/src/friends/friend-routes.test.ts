import request from 'supertest';
import { createHarness, stateOf } from '../testing/query-app-harness';

function withFriends(...ids: readonly string[]) {
  const harness = createHarness();
  const sinceMs = Date.parse('2025-01-10T08:00:00Z');
  harness.readModel.friends.set(
    'u',
    ids.map((userId) => ({ userId, sinceMs })),
  );
  return harness;
}

describe('GET /users/{id}/friends', () => {
  it('answers friends by id', async () => {
    const { body } = await request(withFriends('b', 'a').app).get('/users/u/friends').expect(200);
    expect(body).toEqual({
      userId: 'u',
      items: [
        { userId: 'a', since: '2025-01-10T08:00:00.000Z' },
        { userId: 'b', since: '2025-01-10T08:00:00.000Z' },
      ],
      nextCursor: null,
    });
  });

  it('gives each friend once, however it is paged', async () => {
    const longest = '\u{1f600}'.repeat(128);
    const { app } = withFriends('c', 'a', '界', longest, 'b');
    const ids: string[] = [];
    let cursor = '';
    do {
      const { body } = await request(app).get(`/users/u/friends?limit=1${cursor}`).expect(200);
      ids.push(...body.items.map(({ userId }: { userId: string }) => userId));
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    expect(ids).toEqual(['a', 'b', 'c', '界', longest]);
  });

  it('refuses a cursor that is none', async () => {
    const { body } = await request(withFriends().app).get('/users/u/friends?cursor=x').expect(400);
    expect(body.errors).toEqual([expect.objectContaining({ field: 'cursor', code: 'INVALID_CURSOR' })]);
  });
});

describe('GET /users/{id}/leaderboard/friends', () => {
  it('ranks the user among friends, without those who do not want to be on boards', async () => {
    const { app, putInPostgres } = withFriends('ahead', 'behind', 'hidden', 'new');
    putInPostgres('ahead', stateOf(['2025-01-01', '2025-01-02', '2025-01-03']));
    putInPostgres('u', { ...stateOf(['2025-01-13', '2025-01-14']), isUnlisted: true });
    putInPostgres('behind', stateOf(['2025-01-15']));
    putInPostgres('hidden', { ...stateOf(['2025-01-15']), isUnlisted: true });
    putInPostgres('stranger', stateOf(['2025-01-15']));
    const { body } = await request(app).get('/users/u/leaderboard/friends').expect(200);
    expect(body).toEqual({
      userId: 'u',
      ruleId: 'focus',
      items: [
        { rank: 1, userId: 'ahead', qualifiedDaysCount: 3, longestStreak: 3, currentStreak: 0 },
        { rank: 2, userId: 'u', qualifiedDaysCount: 2, longestStreak: 2, currentStreak: 2 },
        { rank: 3, userId: 'behind', qualifiedDaysCount: 1, longestStreak: 1, currentStreak: 1 },
        { rank: 4, userId: 'new', qualifiedDaysCount: 0, longestStreak: 0, currentStreak: 0 },
      ],
    });
  });

  it('is of the rule asked for, and has the user alone where there are no friends', async () => {
    const { app, putInPostgres } = createHarness();
    putInPostgres('u', stateOf(['2025-01-14']));
    const { body } = await request(app).get('/users/u/leaderboard/friends?ruleId=activity').expect(200);
    expect(body).toMatchObject({ ruleId: 'activity', items: [{ rank: 1, userId: 'u', qualifiedDaysCount: 0 }] });
  });

  it('reads states in one go from Redis', async () => {
    const { app, fillRedis, putInRedis, calls } = withFriends('a', 'b');
    await fillRedis();
    for (const userId of ['u', 'a', 'b']) {
      await putInRedis(userId, stateOf(['2025-01-14']));
    }
    await request(app).get('/users/u/leaderboard/friends').expect(200);
    expect(calls).toEqual({ redis: 1, postgres: 1 });
  });
});
