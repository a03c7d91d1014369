import { preferredWaitSeconds } from './prefer-wait';

describe('preferredWaitSeconds', () => {
  it.each<[string | string[] | undefined, number | undefined]>([
    [undefined, undefined],
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
    ['wait=-5', undefined],
    ['wait=ten', undefined],
    ['wait=1.5', undefined],
    ['await=5', undefined],
    ['wait', undefined],
  ])('reads %j as %p', (header, seconds) => {
    expect(preferredWaitSeconds(header)).toBe(seconds);
  });
});
