import { busiestFunctions } from './busiest-functions';

const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber });

describe('the busiest functions of a profile', () => {
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(root)') },
      { id: 2, callFrame: frame('(idle)') },
      { id: 3, callFrame: frame('decode', 'file:///somewhere/packages/shared/dist/codec.js', 9) },
      { id: 4, callFrame: frame('', 'node:net', 1) },
      { id: 5, callFrame: frame('decode', 'file:///somewhere/packages/shared/dist/codec.js', 9) },
    ],
    samples: [1, 2, 3, 4, 5],
    timeDeltas: [5, 1_000, 60, 20, 20],
  };

  it('are told by their own time, callers joined, without idling', () => {
    expect(busiestFunctions(profile, 5)).toEqual([
      { name: 'decode packages/shared/dist/codec.js:10', share: 0.8 },
      { name: '(anonymous) node:net:2', share: 0.2 },
    ]);
  });

  it('are no more than asked for', () => {
    expect(busiestFunctions(profile, 1)).toHaveLength(1);
  });
});
