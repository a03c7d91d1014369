import { describeStatuses } from './count-statuses';

describe('describeStatuses', () => {
  it('tells what came since, in order, without what did not', () => {
    const before = new Map([
      ['503', 4],
      ['200', 1],
    ]);
    const after = new Map([
      ['503', 4],
      ['400', 2],
      ['200', 5],
    ]);
    expect(describeStatuses(before, after)).toBe('200 x 4, 400 x 2');
  });
});
