import type { RouteDocument } from '@streaks/shared/http/openapi/route-document';
import { apiLeaderboardDocument, leaderboardDocument } from './boards/leaderboard-documents';
import { analyticsDocument } from './days/analytics-document';
import { calendarDocument, dailyTotalsDocument } from './days/day-documents';
import { checkInDocument, sessionDocument } from './events/event-documents';
import { friendsBoardDocument, friendsDocument } from './friends/friend-documents';
import { historyDocument } from './history/history-documents';
import { apiStreakDocument, streakDocument, streaksBatchDocument, streaksDocument } from './streaks/streak-documents';
import { streamDocument } from './stream/stream-document';

/** Every route of query-api, in the order in which a reader wants them. */
export const routeDocuments: readonly RouteDocument[] = [
  streakDocument,
  streaksDocument,
  streaksBatchDocument,
  apiStreakDocument,
  dailyTotalsDocument,
  calendarDocument,
  analyticsDocument,
  historyDocument,
  streamDocument,
  leaderboardDocument,
  apiLeaderboardDocument,
  friendsDocument,
  friendsBoardDocument,
  sessionDocument,
  checkInDocument,
];
