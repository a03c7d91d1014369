import { jsonResponse, type RouteDocument } from '@streaks/shared/http/openapi/route-document';
import { z } from 'zod';
import { countSchema, instantSchema, ruleIdSchema, userIdSchema } from '../http/documents/answer-parts';
import { readProblems } from '../http/documents/problems';
import { cursorParameter, defineCursor, nextCursorSchema } from '../http/requests/cursors';
import { limitParameter, ruleParameter, userParams } from '../http/requests/parameters';

/** Friends that are ranked with a user; of more, those whose ids come first. */
export const MAX_RANKED_FRIENDS = 1_000;

const tag = 'Friends';
const MAX_FRIENDS = 1_000;
const USUAL_FRIENDS = 100;

/** A page ends with the id of its last friend. */
export const friendsCursor = defineCursor({
  scopeOf: (_list: { readonly cursor?: string | undefined }) => ['friends'],
  isPosition: (value: unknown) => typeof value === 'string',
});

export const friendsDocument = {
  method: 'get',
  path: '/users/{userId}/friends',
  operationId: 'getFriends',
  tag,
  summary: 'The friends of a user',
  description: 'Ascending by the bytes of their ids.',
  request: {
    params: userParams,
    query: z
      .object({ cursor: cursorParameter, limit: limitParameter(MAX_FRIENDS, USUAL_FRIENDS) })
      .superRefine(friendsCursor.check),
  },
  responses: {
    200: jsonResponse(
      'A page of friends.',
      z.object({
        userId: userIdSchema,
        items: z.array(
          z
            .object({
              userId: userIdSchema,
              since: instantSchema.meta({ description: 'When the two were last said to be friends' }),
            })
            .meta({ id: 'Friend' }),
        ),
        nextCursor: nextCursorSchema,
      }),
    ),
    ...readProblems,
  },
} satisfies RouteDocument;

export const rankedFriendSchema = z
  .object({
    rank: z.int().min(1),
    userId: userIdSchema,
    qualifiedDaysCount: countSchema,
    longestStreak: countSchema,
    currentStreak: countSchema.meta({ description: 'As of now, where the ranked user is' }),
  })
  .meta({ id: 'RankedFriend', description: 'A user among friends' });

export const friendsBoardDocument = {
  method: 'get',
  path: '/users/{userId}/leaderboard/friends',
  operationId: 'getFriendsLeaderboard',
  tag,
  summary: 'A user among friends',
  description:
    'In the order of `/leaderboard`: qualified days, then longest streak (both descending), then who reached them first. ' +
    `The user is always there; friends who do not want to be on boards are not. At most ${MAX_RANKED_FRIENDS} friends are ranked: of more, those whose ids come first.`,
  request: { params: userParams, query: z.object({ ruleId: ruleParameter }) },
  responses: {
    200: jsonResponse(
      'All of them.',
      z.object({ userId: userIdSchema, ruleId: ruleIdSchema, items: z.array(rankedFriendSchema) }),
    ),
    ...readProblems,
  },
} satisfies RouteDocument;
