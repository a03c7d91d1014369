import type { Session } from '@streaks/shared/domain/events/session';
import { offerLoad } from './offered-load';

const createSession = (index: number): Session => ({
  userId: `user-${index}`,
  sessionId: String(index),
  startMs: 0,
  endMs: 1,
  timezone: 'UTC',
});

describe('an offered load', () => {
  it('sends each session once, also when the rate is no multiple of the ticks', async () => {
    const sent: string[] = [];
    const load = await offerLoad({
      perSecond: 250,
      seconds: 0.1,
      createItem: createSession,
      send: async (sessions) => void sent.push(...sessions.map(({ sessionId }) => sessionId)),
    });
    expect(sent).toEqual(Array.from({ length: 25 }, (_, index) => String(index)));
    expect(load.sends).toBe(10);
  });

  it('does not wait for a send before the next one is due, and ends with the last', async () => {
    let open = 0;
    let mostOpen = 0;
    const release: (() => void)[] = [];
    await offerLoad({
      perSecond: 100,
      seconds: 0.05,
      createItem: createSession,
      send: () => {
        open += 1;
        mostOpen = Math.max(mostOpen, open);
        if (open === 5) for (const end of release) end();
        return open === 5 ? Promise.resolve() : new Promise((resolve) => release.push(resolve));
      },
    });
    expect(mostOpen).toBe(5);
  });

  it('counts the sends that begin late', async () => {
    let first = true;
    const load = await offerLoad({
      perSecond: 100,
      seconds: 0.1,
      createItem: createSession,
      send: async () => {
        const untilMs = performance.now() + (first ? 45 : 0);
        first = false;
        while (performance.now() < untilMs) Math.sqrt(untilMs);
      },
    });
    expect(load.lateSends).toBeGreaterThanOrEqual(2);
    expect(load.greatestSendDelayMs).toBeGreaterThan(20);
  });

  it('fails with the first send that failed', async () => {
    const failing = offerLoad({
      perSecond: 100,
      seconds: 0.05,
      createItem: createSession,
      send: () => Promise.reject(new Error('no broker')),
    });
    await expect(failing).rejects.toThrow('no broker');
  });
});
