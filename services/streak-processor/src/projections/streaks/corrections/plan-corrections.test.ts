import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { addChange, noSettings } from '@streaks/shared/domain/settings/stored-settings';
import { type SpecialUser, usualUser } from '../specials/special-user';
import { toRecord } from '../test-support/drive-projection';
import { type CorrectionRecord, planCorrections } from './plan-corrections';

const change = (changeId: string, dailyTargetSeconds: number) => ({
  changeId,
  changedAtMs: 0,
  effectiveFrom: 0 as LocalDay,
  dailyTargetSeconds,
});
const settings = (userId: string, changeId: string, seconds = 60): UserEventToSend => ({
  kind: 'settings',
  userId,
  change: change(changeId, seconds),
});
const erasure = (userId: string): UserEventToSend => ({ kind: 'erasure', userId });
const retraction = (userId: string, sessionId: string): UserEventToSend => ({ kind: 'retraction', userId, sessionId });

/** Each event with the time of its record. */
function plan(events: readonly (readonly [UserEventToSend, number])[], stored: Record<string, SpecialUser> = {}) {
  const records = events.map(([event, timestampMs], offset) => toRecord(event, offset, { timestampMs }));
  return planCorrections(records as CorrectionRecord[], new Map(Object.entries(stored)));
}

describe('planCorrections', () => {
  it('names the users by the bytes of their ids, each with the last correction that counts', () => {
    const { users, verdicts } = plan([
      [settings('\u{1f525}', '1'), 1],
      [retraction('\uffee', 's'), 1],
      [settings('a', '1'), 1],
      [retraction('a', 's'), 2],
      [erasure('a'), 1],
    ]);
    expect(users.map(({ userId, last }) => [userId, last])).toEqual([
      ['a', 4],
      ['\uffee', 1],
      ['\u{1f525}', 0],
    ]);
    // What was recorded up to the erasure never was, though it came first.
    expect(verdicts).toEqual(['processed', 'processed', 'erased', 'processed', 'processed']);
    expect(users[0]?.after).toEqual({ hasRetractions: true, erasedAtMs: 1, settings: noSettings });
    expect(users[0]?.retractions).toEqual([{ sessionId: 's', recordTimeMs: 2 }]);
  });

  it('takes the latest of several erasures, and none that is no later than the stored one', () => {
    const erased = { ...usualUser, erasedAtMs: 5 };
    const { users, verdicts } = plan(
      [
        [erasure('a'), 5],
        [erasure('b'), 7],
        [erasure('b'), 9],
        [erasure('b'), 8],
        [settings('b', '1'), 9],
      ],
      { a: erased, b: erased },
    );
    expect(users.map(({ userId, erasure: place, after }) => [userId, place, after.erasedAtMs])).toEqual([['b', 2, 9]]);
    expect(verdicts).toEqual(['duplicate', 'processed', 'processed', 'processed', 'erased']);
  });

  it('keeps settings that were recorded after an erasure, those stored before it too', () => {
    const stored = addChange(addChange(noSettings, change('old', 60), 1), { ...change('late', 90), changedAtMs: 1 }, 8);
    const { users } = plan([[erasure('a'), 5]], { a: { ...usualUser, settings: stored } });
    const kept = users[0]?.after.settings.dailyTargetSeconds ?? [];
    expect(kept.map(({ changeId }) => changeId)).toEqual(['late']);
  });

  it('tells a change that is stored already from a new one', () => {
    const stored = { ...usualUser, settings: addChange(noSettings, change('1', 60), 1) };
    const { users, verdicts } = plan(
      [
        [settings('a', '1'), 2],
        [settings('a', '2', 90), 2],
        [settings('a', '2', 90), 2],
      ],
      { a: stored },
    );
    expect(verdicts).toEqual(['duplicate', 'processed', 'duplicate']);
    expect(users[0]?.after.settings).not.toBe(stored.settings);
  });

  it('takes one retraction of a session, with the latest time of its records', () => {
    const { users, verdicts } = plan([
      [retraction('a', 's'), 3],
      [retraction('a', 'b'), 1],
      [retraction('a', 's'), 7],
      [retraction('a', 's'), 5],
    ]);
    expect(users[0]?.retractions).toEqual([
      { sessionId: 'b', recordTimeMs: 1 },
      { sessionId: 's', recordTimeMs: 7 },
    ]);
    expect(verdicts).toEqual(['processed', 'processed', 'duplicate', 'duplicate']);
  });
});
