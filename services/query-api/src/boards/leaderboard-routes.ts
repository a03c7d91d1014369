import { ACTIVITY_RULE } from '@streaks/shared/domain/rules';
import type { Clock } from '@streaks/shared/lifecycle/clock';
import { currentStreakOf } from '@streaks/shared/redis/boards/board-entry';
import type { Express } from 'express';
import { addRoute } from '../http/add-route';
import { apiLeaderboardDocument, leaderboardDocument } from './leaderboard-documents';
import type { LeaderboardReader } from './leaderboard-reader';

export interface LeaderboardRoutesOptions {
  readonly boards: LeaderboardReader;
  readonly clock: Clock;
}

/**
 * `GET /leaderboard` and `GET /api/streak/leaderboard`. To be added before `GET /api/streak/{userId}`, which the second one
 * looks like.
 */
export function addLeaderboardRoutes(app: Express, { boards, clock }: LeaderboardRoutesOptions): void {
  addRoute(app, leaderboardDocument, async ({ query: { ruleId, board, limit, offset, around } }) => {
    const nowMs = clock.nowMs();
    const { total, first, entries } =
      around === undefined
        ? await boards.page(ruleId, board, { offset, limit }, nowMs)
        : await boards.around(ruleId, board, { userId: around, limit }, nowMs);
    return {
      ruleId,
      board,
      total,
      items: entries.map((entry, index) => ({
        rank: first + index + 1,
        userId: entry.userId,
        qualifiedDaysCount: entry.qualifiedDays,
        longestStreak: entry.longestStreak,
        currentStreak: currentStreakOf(entry, nowMs),
        percentile: percentileOf(first + index, total),
      })),
    };
  });

  addRoute(app, apiLeaderboardDocument, async ({ query: { limit, offset } }) => {
    const { total, first, entries } = await boards.page(ACTIVITY_RULE, 'current', { offset, limit }, clock.nowMs());
    return {
      total,
      leaderboard: entries.map((entry, index) => ({
        rank: first + index + 1,
        user_id: entry.userId,
        current_streak: entry.latestStreak,
        longest_streak: entry.longestStreak,
      })),
    };
  });
}

/** Per cent of the others who come after a place, counted from 0; cut to two decimals, so that 100 is the first one's alone. */
export function percentileOf(place: number, total: number): number {
  return total <= 1 ? 100 : Math.floor(((total - 1 - place) * 10_000) / (total - 1)) / 100;
}
