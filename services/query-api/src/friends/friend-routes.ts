import { formatInstant } from '@streaks/shared/domain/calendar/instant';
import type { Clock } from '@streaks/shared/lifecycle/clock';
import type { Express } from 'express';
import { addRoute } from '../http/add-route';
import type { ReadModel } from '../stores/read-model';
import type { StreakReader } from '../streaks/reading/streak-reader';
import { answerStreak } from '../streaks/streak-answers';
import { friendsBoardDocument, friendsCursor, friendsDocument, MAX_RANKED_FRIENDS } from './friend-documents';
import { rankUsers } from './rank-users';

export interface FriendRoutesOptions {
  readonly streaks: Pick<StreakReader, 'readUsers'>;
  readonly readModel: Pick<ReadModel, 'readFriends'>;
  readonly clock: Clock;
}

/** `GET /users/{id}/friends` and `GET /users/{id}/leaderboard/friends`. They need Postgres. */
export function addFriendRoutes(app: Express, { streaks, readModel, clock }: FriendRoutesOptions): void {
  addRoute(app, friendsDocument, async ({ params: { userId }, query }) => {
    const { limit } = query;
    // One more than the page holds tells whether there is another page.
    const found = await readModel.readFriends(userId, friendsCursor.decode(query) ?? null, limit + 1);
    const friends = found.slice(0, limit);
    const last = friends.at(-1);
    return {
      userId,
      items: friends.map((friend) => ({ userId: friend.userId, since: formatInstant(friend.sinceMs) })),
      nextCursor: last === undefined || found.length <= limit ? null : friendsCursor.encode(query, last.userId),
    };
  });

  addRoute(app, friendsBoardDocument, async ({ params: { userId }, query: { ruleId } }) => {
    const friends = await readModel.readFriends(userId, null, MAX_RANKED_FRIENDS);
    const userIds = [userId, ...friends.map((friend) => friend.userId)];
    const states = await streaks.readUsers(userIds, ruleId);
    const nowMs = clock.nowMs();
    const listed = states.flatMap((state, index) => {
      const id = userIds[index];
      return id === undefined || (state.isUnlisted && id !== userId) ? [] : [{ userId: id, state }];
    });
    return {
      userId,
      ruleId,
      items: rankUsers(listed).map(({ rank, userId: id, state, qualifiedDaysCount, longestStreak }) => ({
        rank,
        userId: id,
        qualifiedDaysCount,
        longestStreak,
        currentStreak: answerStreak(id, state, {}, nowMs).currentStreak,
      })),
    };
  });
}
