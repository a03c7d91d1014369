import { formatPosition, parsePosition } from './event-position';

describe('an event id', () => {
  it('tells the version of each rule, and reads back', () => {
    const id = formatPosition({ focus: 12, activity: 0 });
    expect(id).toBe('focus:12,activity:0');
    expect(parsePosition(id)).toEqual({ focus: 12, activity: 0 });
  });

  it('may name one rule only, in any order', () => {
    expect(parsePosition('activity:3')).toEqual({ activity: 3 });
    expect(parsePosition('activity:3,focus:1')).toEqual({ focus: 1, activity: 3 });
  });

  it.each([
    '',
    '12',
    'focus',
    'focus:',
    'focus:-1',
    'focus:1,focus:2',
    'steps:1',
    'focus:1,',
    'focus:1 ',
    'focus:1e3',
    `focus:${'9'.repeat(16)}`,
  ])('is not %j', (text) => {
    expect(parsePosition(text)).toBeUndefined();
  });
});
