import { coalesceCalls } from './coalesce-calls';

function createAsker(maxQuestions = 100) {
  const calls: (readonly string[])[] = [];
  const control: { fail: Error | undefined; drop: number } = { fail: undefined, drop: 0 };
  const ask = coalesceCalls<string, string>({
    maxQuestions,
    async ask(questions) {
      calls.push(questions);
      if (control.fail !== undefined) throw control.fail;
      return questions.slice(control.drop).map((question) => question.toUpperCase());
    },
  });
  return { ask, calls, control };
}

describe('coalesceCalls', () => {
  it('makes one call of what is asked in one turn, and answers each its own', async () => {
    const { ask, calls } = createAsker();
    expect(await Promise.all(['b', 'a', 'b'].map(ask))).toEqual(['B', 'A', 'B']);
    expect(calls).toEqual([['b', 'a', 'b']]);
    expect(await ask('c')).toBe('C');
    expect(calls).toHaveLength(2);
  });

  it('splits what is more than one call may hold', async () => {
    const { ask, calls } = createAsker(2);
    expect(await Promise.all(['a', 'b', 'c'].map(ask))).toEqual(['A', 'B', 'C']);
    expect(calls).toEqual([['a', 'b'], ['c']]);
  });

  it('tells every asker of a failed call, and none of the next', async () => {
    const { ask, control } = createAsker();
    control.fail = new Error('away');
    const failed = await Promise.allSettled(['a', 'b'].map(ask));
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    control.fail = undefined;
    expect(await ask('c')).toBe('C');
  });

  it('never gives anyone the answer of another when answers are missing', async () => {
    const { ask, control } = createAsker();
    control.drop = 1;
    await expect(Promise.all(['a', 'b'].map(ask))).rejects.toThrow('2 questions got 1 answers');
  });
});
