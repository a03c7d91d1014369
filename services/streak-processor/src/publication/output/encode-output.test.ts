import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { runsFromDays } from '@streaks/shared/domain/streaks/runs';
import { emptyStreakState, summarise } from '@streaks/shared/domain/streaks/streak-state';
import { decodeRecordBody } from '@streaks/testing/decode-record-body';
import type { StreakChange } from '../../projections/streaks/streak-change';
import { createOutputEncoder } from './encode-output';

const encoder = createOutputEncoder({
  streakChanges: 'streak-changes',
  userStreaks: 'user-streaks',
  deadLetters: 'dead-letters',
  deadLetterPartitions: 3,
  streakChangedSchemaId: 7,
  userStreakSchemaId: 8,
  generation: 1n,
});

const after = { ...emptyStreakState, runs: runsFromDays([20_101 as LocalDay]), version: 1, updatedAtMs: 5 };
const change: StreakChange = {
  shardKey: 'ada',
  userId: 'ada',
  ruleId: 'activity',
  version: 1,
  changeType: 'FIRST_ACTIVITY',
  qualifiedDate: 20_101 as LocalDay,
  before: emptyStreakState,
  after,
  summaryBefore: summarise(emptyStreakState),
  summaryAfter: summarise(after),
  isLast: true,
  source: { topicId: '5f0c1a52-9b1e-4a7d-8a86-0d1b2c3d4e5f', partition: 1, offset: 3n },
  recordTimeMs: 5,
  requestId: 'request-1',
};
const encode = (...changes: readonly StreakChange[]) =>
  encoder
    .encode(
      4,
      changes.map((one, at) => ({ shard: 4, seq: BigInt(at + 1), recordedAtMs: 9, change: one })),
    )
    .map(({ seq, topic, partition, isState, body }) => ({ seq, topic, partition, isState, ...decodeRecordBody(body) }));

it('puts the state behind the last change of a user', () => {
  const records = encode({ ...change, isLast: false }, { ...change, version: 2 });
  expect(records.map(({ seq, topic, isState }) => [seq, topic, isState])).toEqual([
    [1n, 'streak-changes', false],
    [2n, 'streak-changes', false],
    [2n, 'user-streaks', true],
  ]);
  expect(records.map(({ partition }) => partition)).toEqual([4, 4, 4]);
  expect(records[2]?.key).toBe('activity:ada');
});

it('puts no value behind an erasure, under the key and the version of the state that it erased', () => {
  const erasure: StreakChange = {
    ...change,
    changeType: 'USER_ERASED',
    version: 7,
    before: emptyStreakState,
    after: { ...emptyStreakState, version: 7, updatedAtMs: 5 },
    isErasure: true,
  };
  const [told, state, ...more] = encode(erasure);
  expect(told?.value?.includes('USER_ERASED')).toBe(true);
  expect(more).toEqual([]);
  expect(state).toEqual({
    seq: 1n,
    topic: 'user-streaks',
    partition: 4,
    isState: true,
    key: 'activity:ada',
    value: null,
    headers: [['version', '7']],
  });
});

it('puts a state without days that no erasure left', () => {
  const [, state] = encode({ ...change, changeType: 'STREAK_REVISED', after: { ...emptyStreakState, version: 1 } });
  expect(state?.value).not.toBeNull();
});

it('puts nothing but the change where more of the user follows an erasure in its transaction', () => {
  const records = encode(
    { ...change, changeType: 'USER_ERASED', isErasure: true, isLast: false },
    { ...change, version: 2 },
  );
  expect(records.filter(({ topic }) => topic === 'user-streaks').map(({ value }) => value === null)).toEqual([false]);
});
