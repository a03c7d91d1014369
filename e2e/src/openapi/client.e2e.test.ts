import type { StreaksClient } from '@streaks/client/create-streaks-client';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { clientOf } from '../http/client-of';

let pipeline: Pipeline;
let streaks: StreaksClient;

beforeAll(async () => {
  pipeline = await startPipeline({ ingest: true, queryApi: true });
  streaks = await clientOf(pipeline);
}, 120_000);

afterAll(() => pipeline?.stop(), 60_000);

const path = { userId: 'ada' };
const afterProcessing = { header: { Prefer: 'wait=20' } };
const session = {
  userId: 'ada',
  sessionId: 'wed',
  startTime: '2025-01-15T10:00:00Z',
  endTime: '2025-01-15T10:45:00Z',
  timezone: 'Europe/London',
};

describe('the client', () => {
  it('records a session and reads the streak, its days and its history', async () => {
    const recorded = await streaks.ingest.POST('/sessions', { body: session, params: afterProcessing });
    expect(recorded.response.status).toBe(201);
    const query = { at: '2025-01-15T23:00:00Z' };
    const streak = await streaks.query.GET('/users/{userId}/streak', { params: { path, query } });
    expect(streak.data).toMatchObject({ currentStreak: 1, lastQualifiedDate: '2025-01-15' });
    const days = await streaks.query.GET('/users/{userId}/daily-totals', { params: { path } });
    expect(days.data?.days).toMatchObject([{ date: '2025-01-15', seconds: 2_700, qualified: true }]);
    const history = await streaks.query.GET('/users/{userId}/history', { params: { path } });
    expect(history.data?.items).toMatchObject([{ changeType: 'FIRST_ACTIVITY' }]);
  }, 60_000);

  it('updates the streak of check-ins and answers with it', async () => {
    const updated = await streaks.ingest.POST('/api/streak/update', { body: { userId: 'ada', timezone: 'UTC' } });
    expect(updated.data).toMatchObject({ success: true, current_streak: 1 });
    const streak = await streaks.query.GET('/api/streak/{userId}', { params: { path } });
    expect(streak.data?.current_streak).toBe(1);
  }, 60_000);

  it('takes the session back, and the streak follows', async () => {
    const retraction = { params: { path: { ...path, sessionId: 'wed' }, ...afterProcessing } };
    const retracted = await streaks.ingest.DELETE('/sessions/{userId}/{sessionId}', retraction);
    expect(retracted.response.status).toBe(200);
    const { data } = await streaks.query.GET('/users/{userId}/streak', { params: { path } });
    expect(data).toMatchObject({ currentStreak: 0, qualifiedDaysCount: 0 });
  }, 60_000);

  it('names every fault of what it was given', async () => {
    const { error, response } = await streaks.ingest.POST('/sessions', {
      body: { ...session, endTime: 'noon', userId: '' },
    });
    expect(response.status).toBe(400);
    expect(error?.code).toBe('STREAKS_INVALID_SESSION');
    expect(error?.errors?.map(({ field }) => field).sort()).toEqual(['endTime', 'userId']);
  });
});

describe.each(['ingest', 'queryApi'] as const)('%s', (name) => {
  it('shows its document as a page', async () => {
    const answer = await fetch(`${pipeline[name]?.url}/api/docs`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('swagger-ui-bundle.js');
  });
});
