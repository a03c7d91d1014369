import { emptyStreakState } from '@streaks/shared/domain/streaks/streak-state';
import { createStreakMemory } from './streak-memory';

const streak = (row: string) => ({ row, state: emptyStreakState });

describe('a streak memory', () => {
  it('keeps at least half of its capacity, those used last', () => {
    const memory = createStreakMemory(100);
    for (let user = 0; user < 1_000; user += 1) {
      memory.remember(`u${user}`, streak(`(${user},1)`));
      memory.recall('u0'); // used all the time
    }
    expect(memory.recall('u0')).toEqual(streak('(0,1)'));
    expect(memory.recall('u999')).toEqual(streak('(999,1)'));
    expect(memory.recall('u960')).toEqual(streak('(960,1)'));
    expect(memory.recall('u500')).toBeUndefined();
  });

  it('keeps the row that was remembered last', () => {
    const memory = createStreakMemory(4);
    memory.remember('u', streak('(0,1)'));
    memory.remember('u', streak('(0,2)'));
    expect(memory.recall('u')).toEqual(streak('(0,2)'));
  });

  it('forgets the rows of contested users and takes up none of them again', () => {
    const memory = createStreakMemory(10);
    memory.remember('u', streak('(0,1)'));
    memory.contest(['u']);
    expect(memory.recall('u')).toBeUndefined();
    expect(memory.isContested('u')).toBe(true);
    memory.remember('u', streak('(0,2)'));
    expect(memory.recall('u')).toBeUndefined();
    expect(memory.isContested('other')).toBe(false);
  });

  it('takes contested users up again after some hundred batches', () => {
    const memory = createStreakMemory(10);
    memory.contest(['u']);
    let batches = 0;
    for (; memory.isContested('u'); batches += 1) memory.beginBatch();
    expect(batches).toBeGreaterThan(100);
    expect(batches).toBeLessThan(1_000);
    memory.remember('u', streak('(0,3)'));
    expect(memory.recall('u')).toEqual(streak('(0,3)'));
  });
});
