import { sessionFaults } from '@streaks/shared/domain/events/session';
import { emptyStreakState } from '@streaks/shared/domain/streaks/streak-state';
import { listen } from '@streaks/shared/http/listen';
import { createTestApp } from '../ingest-app.fixture';
import { judgeSession } from '../sessions/judge-session';
import { demoDays, demoSessions, demoUsers } from './demo-sessions';
import { seedDemoUser } from './seed-demo';

const nowMs = Date.parse('2026-03-10T12:00:00Z');
const limits = { recordTimeMs: nowMs, maxDurationMs: 604_800_000, maxFutureMs: 300_000 };

describe('the demo', () => {
  it.each(demoUsers)(
    'gives $userId sessions that keep every rule, on their fourteen local days up to yesterday',
    (user) => {
      const sessions = demoSessions(user, nowMs);
      expect(sessions.length).toBeGreaterThan(demoDays);
      expect(new Set(sessions.map(({ sessionId }) => sessionId)).size).toBe(sessions.length);
      for (const session of sessions) {
        const judged = judgeSession(session, limits);
        expect('session' in judged && sessionFaults(judged.session, limits)).toEqual([]);
      }
    },
  );

  it('repeats the very same sessions later that day and keeps them on later days', () => {
    for (const user of demoUsers) {
      const first = demoSessions(user, nowMs);
      expect(demoSessions(user, nowMs + 60_000)).toEqual(first);
      const byId = new Map(first.map((session) => [session.sessionId, session]));
      for (const session of demoSessions(user, nowMs + 5 * 86_400_000)) {
        expect(byId.get(session.sessionId) ?? session).toEqual(session);
      }
    }
  });

  it('goes through ingest, waits for the last session and says what came of it in one line', async () => {
    const { app, control, published } = createTestApp();
    control.reply = { outcome: 'processed', state: emptyStreakState };
    const listener = await listen(app, { host: '127.0.0.1', port: 0, insecure: false });
    const [user] = demoUsers;
    const options = { ingestUrl: `http://127.0.0.1:${listener.port}`, nowMs, fetch };
    const line = user && (await seedDemoUser(user, options));
    expect(line).toBe('demo-new-york (America/New_York): 28 sessions, current streak 0, longest 0');
    expect(published).toHaveLength(28);
    await listener.close(0);
    await expect(user && seedDemoUser(user, options)).rejects.toThrow(/cannot be reached/);
  });
});
