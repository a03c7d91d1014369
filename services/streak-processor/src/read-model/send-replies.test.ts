import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { StreakWrite } from '@streaks/shared/redis/streaks/streak-store';
import type { EventReply } from '../projections/streaks/streak-change';
import { createReplySender } from './send-replies';

const stateOf = (version: number) => ({
  runs: [{ first: 20_000 as LocalDay, length: version }],
  timezone: 'UTC',
  version,
  updatedAtMs: 5,
});

function createSender() {
  const steps: string[] = [];
  const published: [string, unknown][] = [];
  const written: StreakWrite[] = [];
  const control = { isAway: false };
  const sent: [string, number][] = [];
  const send = createReplySender({
    redis: {
      publish: async (channel: string | Buffer, message: string | Buffer) => {
        steps.push('publish');
        published.push([String(channel), JSON.parse(String(message))]);
        return 1;
      },
    },
    store: {
      writeAll: async (writes) => {
        if (control.isAway) throw new Error('away');
        steps.push('write');
        written.push(...writes);
        return { written: writes.length, stale: 0 };
      },
    },
    keyPrefix: 'p#:',
    generation: () => 3n,
    onSent: (result, count) => sent.push([result, count]),
  });
  return { send, steps, published, written, control, sent };
}

const reply = (id: string, version: number): EventReply => ({
  replyTo: `p#:reply:process-1#${id}`,
  userId: 'u',
  eventId: `c${id}`,
  ruleId: 'activity',
  outcome: 'processed',
  changeType: 'STREAK_MAINTAINED',
  state: stateOf(version),
});

describe('createReplySender', () => {
  it('writes the newest state of a user once and then answers everybody with the id of their wait', async () => {
    const { send, steps, published, written, sent } = createSender();
    await send([reply('1', 2), reply('2', 4), reply('3', 3)]);
    expect(written).toEqual([{ userId: 'u', ruleId: 'activity', generation: 3n, state: stateOf(4) }]);
    expect(steps).toEqual(['write', 'publish', 'publish', 'publish']);
    const { replyTo: _, ...told } = reply('2', 4);
    expect(published[1]).toEqual(['p#:reply:process-1', { id: '2', ...told }]);
    expect(sent).toEqual([['sent', 3]]);
  });

  it('keeps the states of two rules apart, deletes an erased one and writes none that was never stored', async () => {
    const { send, written } = createSender();
    await send([
      reply('1', 2),
      { ...reply('2', 7), ruleId: 'focus' },
      { ...reply('3', 9), userId: 'gone', changeType: 'USER_ERASED' },
      { ...reply('4', 0), userId: 'new' },
      { replyTo: 'p#:reply:process-1#5', outcome: 'rejected', reason: 'NULL_VALUE' },
    ]);
    expect(written).toEqual([
      { userId: 'u', ruleId: 'activity', generation: 3n, state: stateOf(2) },
      { userId: 'u', ruleId: 'focus', generation: 3n, state: stateOf(7) },
      { userId: 'gone', ruleId: 'activity', generation: 3n, state: null, version: 9 },
    ]);
  });

  it('publishes only where an address of ours says so', async () => {
    const { send, published, sent } = createSender();
    await send(['other:channel#1', 'p#:reply:process-1', '', '#'].map((replyTo) => ({ ...reply('1', 1), replyTo })));
    expect(published).toEqual([]);
    expect(sent).toEqual([['refused', 4]]);
  });

  it('does not answer before the state is there to be read', async () => {
    const { send, published, control, sent } = createSender();
    control.isAway = true;
    await send([reply('1', 1)]);
    expect([published, sent]).toEqual([[], [['failed', 1]]]);
  });
});
