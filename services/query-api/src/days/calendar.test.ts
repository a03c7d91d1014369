import { day, stateOf } from '../testing/query-app-harness';
import { bridgedDays } from './calendar';

const dates = Array.from({ length: 20 }, (_, index) => `2025-01-${String(index + 5).padStart(2, '0')}`);
const bridgedOf = (...[state, today]: Parameters<typeof bridgedDays>) =>
  dates.filter((date) => bridgedDays(state, today)(day(date)));

describe('bridgedDays', () => {
  const pauses = [{ first: day('2025-01-08'), last: day('2025-01-09') }];
  const freezes = [{ from: day('2025-01-01'), rule: { earnEvery: 2, cap: 2 } }];

  it('are none without freezes and pauses', () => {
    expect(bridgedOf(stateOf(['2025-01-05', '2025-01-07']), day('2025-01-08'))).toEqual([]);
  });

  it('are those inside of a chain that did not qualify themselves', () => {
    const state = { ...stateOf(['2025-01-07', '2025-01-08', '2025-01-10']), bridging: { freezes: [], pauses } };
    expect(bridgedOf(state, day('2025-01-10'))).toEqual(['2025-01-09']);
  });

  it('are those up to yesterday while the streak is alive, and are no more once it broke', () => {
    const state = {
      ...stateOf(['2025-01-05', '2025-01-06', '2025-01-07', '2025-01-08']),
      bridging: { freezes, pauses: [] },
    };
    expect(bridgedOf(state, day('2025-01-11'))).toEqual(['2025-01-09', '2025-01-10']);
    expect(bridgedOf(state, day('2025-01-12'))).toEqual([]);
  });
});
