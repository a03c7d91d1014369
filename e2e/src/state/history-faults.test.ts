import { referenceFold } from '@streaks/testing/reference-fold';
import { historyFaults } from './history-faults';
import type { HistoryRow, StreakRow } from './read-state';

const sessions = ['2025-01-14', '2025-01-15'].map((date) => ({
  userId: 'u',
  sessionId: date,
  startMs: Date.parse(`${date}T10:00:00Z`),
  endMs: Date.parse(`${date}T11:00:00Z`),
  timezone: 'UTC',
}));
const reference = referenceFold(sessions, 1_800_000);
const row = (version: number, day: string, before: string | null): HistoryRow => ({
  userId: 'u',
  version,
  qualifiedDate: day,
  currentBefore: version - 1,
  currentAfter: version,
  longestBefore: version - 1,
  longestAfter: version,
  qualifiedDaysBefore: version - 1,
  qualifiedDaysAfter: version,
  lastQualifiedBefore: before,
  lastQualifiedAfter: day,
});
const first = row(1, '2025-01-14', null);
const second = row(2, '2025-01-15', '2025-01-14');
const state: StreakRow = {
  userId: 'u',
  runs: [{ first: '2025-01-14', length: 2 }],
  timezone: 'UTC',
  version: 2,
  currentRunLength: 2,
  longestRunLength: 2,
  lastQualifiedDate: '2025-01-15',
  qualifiedDaysCount: 2,
};

describe('historyFaults', () => {
  it('finds none in a chain that leads to the state', () => {
    expect(historyFaults([first, second], [state], reference)).toEqual([]);
  });

  it.each([
    ['a gap', [first, { ...second, version: 3 }]],
    ['a before that is not the last after', [first, { ...second, longestBefore: 0 }]],
    ['a day added twice', [first, { ...second, qualifiedDate: '2025-01-14' }]],
    ['a day never added', [first]],
    ['an end that is not the state', [first, { ...second, longestAfter: 3 }]],
    ['no history of a state', []],
  ])('finds %s', (_, history) => {
    expect(historyFaults(history, [state], reference)).not.toEqual([]);
  });
});
