import type { Rejected } from '@streaks/exactly-once/projection';
import { usualUser } from './special-user';
import { ownersOf, withholdRejected } from './withhold-rejected';

const rejected = (key: string | null, timestampMs: number, userId?: string): Rejected => ({
  source: {
    topic: 'session-events',
    topicId: '00000000-0000-0000-0000-000000000000',
    partition: 0,
    offset: 0n,
    timestampMs,
    key: key === null ? null : Buffer.from(key),
    value: null,
    headers: {},
  },
  rejection: { reason: 'INVALID_SESSION', detail: '', ...(userId === undefined ? {} : { userId }) },
});

describe('rejected records of erased users', () => {
  const specials = new Map([['ada', { ...usualUser, erasedAtMs: 10 }]]);
  const isWithheld = (record: Rejected): boolean => withholdRejected([record], specials).has(record);

  it('leave nothing behind where they came before the erasure, and are kept where they came after', () => {
    expect([isWithheld(rejected('x', 10, 'ada')), isWithheld(rejected('x', 11, 'ada'))]).toEqual([true, false]);
    expect([isWithheld(rejected('ada', 10)), isWithheld(rejected('ada', 11))]).toEqual([true, false]);
  });

  it('belong to whom the value names, and only else to their key', () => {
    expect(isWithheld(rejected('ada', 1, 'bob'))).toBe(false);
    expect([...ownersOf([rejected('ada', 1, 'bob'), rejected('ada', 1), rejected(null, 1)])]).toEqual(['bob', 'ada']);
  });

  it('belong to nobody where that cannot be the id of a user', () => {
    expect([...ownersOf([rejected('two words', 1), rejected('\u0000', 1), rejected('x'.repeat(1_000), 1)])]).toEqual(
      [],
    );
  });
});
