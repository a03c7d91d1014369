import { preferredWaitSeconds } from './prefer-wait';

describe('preferredWaitSeconds', () => {
  it.each<[string | string[] | undefined, number]>([
    [undefined, 0],
    ['wait=10', 10],
    ['WAIT=10', 10],
    ['wait="7"', 7],
    ['respond-async, wait=5', 5],
    ['wait=5; foo=bar, respond-async', 5],
    [['respond-async', 'wait=3'], 3],
    ['wait = 4', 4],
    ['wait=5, wait=9', 5],
    ['wait=100', 30],
    ['wait=0', 0],
    ['wait=-5', 0],
    ['wait=ten', 0],
    ['wait=1.5', 0],
    ['await=5', 0],
    ['wait', 0],
  ])('reads %j as %d', (header, seconds) => {
    expect(preferredWaitSeconds(header)).toBe(seconds);
  });
});
