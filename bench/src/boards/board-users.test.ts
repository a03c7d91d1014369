import { currentStreakOf, toBoardEntry } from '@streaks/shared/redis/boards/board-entry';
import type { StreakWrite } from '@streaks/shared/redis/streaks/streak-store';
import { boardPages, boardWrite } from './board-users';

const NOW_MS = Date.parse('2026-11-21T12:00:00Z');

const entryOf = ({ userId, state }: StreakWrite) => (state === null ? undefined : toBoardEntry(userId, state));

it('makes users of whom two of three have a streak, the same ones each time', () => {
  const writes = [...boardPages({ from: 0, to: 3_000 }, 1, NOW_MS)].flat();
  expect(writes.map(({ userId }) => userId)).toEqual([...new Set(writes.map(({ userId }) => userId))]);
  const entries = writes.flatMap((write) => entryOf(write) ?? []);
  expect(entries).toHaveLength(3_000);
  const alive = entries.filter((entry) => currentStreakOf(entry, NOW_MS) > 0);
  expect(alive.length / entries.length).toBeCloseTo(2 / 3, 1);
  expect(boardWrite(5, 1, NOW_MS)).toEqual(writes[5]);
});

it('makes each version a day longer than the one before', () => {
  for (let user = 0; user < 50; user += 1) {
    const [one, next] = [entryOf(boardWrite(user, 1, NOW_MS)), entryOf(boardWrite(user, 2, NOW_MS))];
    expect(next?.qualifiedDays).toBe((one?.qualifiedDays ?? 0) + 1);
    expect(next?.latestStreak).toBe((one?.latestStreak ?? 0) + 1);
    expect(next?.updatedAtMs).toBe((one?.updatedAtMs ?? 0) + 1);
  }
});
