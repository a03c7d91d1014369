import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { ChangeType } from '@streaks/shared/domain/streaks/change-type';
import fc from 'fast-check';
import request from 'supertest';
import { hostileBodies } from '../hostile-bodies.fixture';
import { createTestApp, nowMs } from '../ingest-app.fixture';

const good = { userId: 'u/1', timezone: 'Asia/Tokyo' };

const post = (app: Parameters<typeof request>[0], body: unknown, headers: Record<string, string> = {}) =>
  request(app)
    .post('/api/streak/update')
    .set({ 'Content-Type': 'application/json', ...headers })
    .serialize(JSON.stringify)
    .send(body as object);

const today = Math.floor(nowMs / 86_400_000);
const stateOf = (days: number) => ({
  runs: [{ first: (today - days + 1) as LocalDay, length: days }],
  timezone: 'Asia/Tokyo',
  version: days,
  updatedAtMs: nowMs,
});

// Hundreds of requests, on a machine that may have more to do.
jest.setTimeout(60_000);

describe('POST /api/streak/update', () => {
  it('checks the user in now, waits ten seconds for the processor and answers with the streak', async () => {
    const { app, control, published, waits } = createTestApp();
    control.reply = { outcome: 'processed', changeType: 'STREAK_INCREMENT', state: stateOf(5) };
    const response = await post(app, good);
    expect(response.status).toBe(200);
    expect(response.body).toEqual({
      success: true,
      current_streak: 5,
      longest_streak: 5,
      last_active_date: '2026-03-10',
      change_type: 'STREAK_INCREMENT',
      message: 'The streak is 5 days long now.',
    });
    expect(published.map(({ event }) => event)).toEqual([
      { kind: 'check-in', userId: 'u/1', checkInId: 'made-1', timezone: 'Asia/Tokyo', atMs: nowMs },
    ]);
    expect(published[0]?.replyTo).toBe('streaks:reply:1#1');
    expect(waits).toEqual([{ awaited: { userId: 'u/1', eventId: 'made-1' }, publishedBefore: 0, timeoutMs: 10_000 }]);
  });

  it.each<[ChangeType | undefined, ChangeType | null, string]>([
    ['FIRST_ACTIVITY', 'FIRST_ACTIVITY', 'A first streak begins.'],
    ['STREAK_MAINTAINED', 'STREAK_MAINTAINED', 'The day counted already.'],
    ['STREAK_RESET', 'STREAK_RESET', 'Days were missed: a new streak begins.'],
    ['STREAK_RECOVERED', 'STREAK_RECOVERED', 'Missed days were bridged: the streak is 1 days long now.'],
    [undefined, null, 'Recorded; the day does not count yet.'],
  ])('says what %s means', async (changeType, told, message) => {
    const { app, control } = createTestApp();
    control.reply = { outcome: 'processed', changeType, state: stateOf(1) };
    expect((await post(app, good)).body).toMatchObject({ success: true, change_type: told, message });
  });

  it.each(['Mars/Olympus', '+05:30', '', 'x'.repeat(1_000)])(
    'takes UTC for the time zone %j and says so',
    async (timezone) => {
      const { app, control, published } = createTestApp();
      control.reply = { outcome: 'processed', changeType: 'FIRST_ACTIVITY', state: stateOf(1) };
      const response = await post(app, { ...good, timezone });
      expect(published[0]?.event).toMatchObject({ timezone: 'UTC' });
      expect(response.body.message).toBe(
        'A first streak begins. The time zone is not known, so the day was taken in UTC.',
      );
      control.reply = 'none';
      const pending = await post(app, { ...good, timezone });
      expect(pending.body.message).toMatch(/UTC/);
    },
  );

  it.each(['none', 'away'] as const)('answers 202 with a status address when the reply is %s', async (reply) => {
    const { app, control, published } = createTestApp();
    control.reply = reply;
    const response = await post(app, good);
    const statusUrl = 'http://query.example/check-ins/u%2F1/made-1';
    expect(response.status).toBe(202);
    expect(response.headers['location']).toBe(statusUrl);
    expect(response.body).toEqual({
      success: true,
      status: 'accepted',
      check_in_id: 'made-1',
      status_url: statusUrl,
      message: 'Recorded; it shows in the streak as soon as it is processed.',
    });
    expect(published).toHaveLength(1);
  });

  it('waits as long as Prefer says, and not at all with wait=0', async () => {
    const { app, control, waits } = createTestApp();
    control.reply = { outcome: 'processed', state: stateOf(1) };
    const asked = await post(app, good, { Prefer: 'wait=3' });
    expect(asked.headers['preference-applied']).toBe('wait=3');
    expect((await post(app, good)).headers['preference-applied']).toBeUndefined();
    expect((await post(app, good, { Prefer: 'wait=0' })).status).toBe(202);
    expect(waits.map(({ timeoutMs }) => timeoutMs)).toEqual([3_000, 10_000]);
  });

  it('says that it does not count where the user was erased meanwhile', async () => {
    const { app, control } = createTestApp();
    control.reply = { outcome: 'erased' };
    expect((await post(app, good)).body).toEqual({
      success: false,
      current_streak: 0,
      longest_streak: 0,
      last_active_date: null,
      change_type: null,
      message: 'The user was erased after this update; it does not count.',
    });
  });

  it('answers 422 when the processor refused it', async () => {
    const { app, control } = createTestApp();
    control.reply = { outcome: 'rejected', reason: 'INVALID_CHECK_IN', detail: 'at IN_THE_FUTURE' };
    const response = await post(app, good);
    expect(response.status).toBe(422);
    expect(response.body).toMatchObject({ code: 'STREAKS_EVENT_REFUSED', reason: 'INVALID_CHECK_IN' });
  });

  it('gives each of a hundred simultaneous updates an id of its own', async () => {
    const { app, control, published } = createTestApp();
    control.reply = { outcome: 'processed', changeType: 'STREAK_MAINTAINED', state: stateOf(1) };
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(app, good)));
    expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(200));
    const ids = published.map(({ event }) => event.kind === 'check-in' && event.checkInId);
    expect(new Set(ids).size).toBe(100);
  });

  it('publishes only for a user and some text as time zone', async () => {
    const { app, published } = createTestApp();
    await fc.assert(
      fc.asyncProperty(hostileBodies(good), async (body) => {
        published.length = 0;
        const { status, body: answer } = await post(app, body);
        if (status === 202) expect(published).toHaveLength(1);
        else expect([status, published, answer.errors?.length !== 0]).toEqual([400, [], true]);
      }),
      { numRuns: 150 },
    );
    const missing = await post(app, {});
    expect(missing.body.errors).toMatchObject([
      { field: 'userId', code: 'REQUIRED' },
      { field: 'timezone', code: 'REQUIRED' },
    ]);
    const typed = await post(app, { userId: 1, timezone: 2 });
    expect(typed.body.errors).toMatchObject([
      { field: 'userId', code: 'INVALID_ID' },
      { field: 'timezone', code: 'NOT_A_TEXT' },
    ]);
  });
});
