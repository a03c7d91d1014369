import { ACTIVITY_RULE } from '@streaks/shared/domain/rules';
import { jsonResponse, type RouteDocument } from '@streaks/shared/http/openapi/route-document';
import { BOARD_NAMES, type BoardName } from '@streaks/shared/redis/boards/board-entry';
import { z } from 'zod';
import { countSchema, ruleIdSchema, userIdSchema } from '../http/documents/answer-parts';
import { readProblems } from '../http/documents/problems';
import { faultText } from '../http/requests/fault-text';
import { idSchema, limitParameter, ruleParameter, wholeNumberParameter } from '../http/requests/parameters';

const tag = 'Leaderboards';
const MAX_ENTRIES = 100;
const USUAL_ENTRIES = 20;
const MAX_OFFSET = 100_000_000;

const boardNames = BOARD_NAMES as readonly [BoardName, ...BoardName[]];

const pageShape = {
  limit: limitParameter(MAX_ENTRIES, USUAL_ENTRIES),
  offset: wholeNumberParameter(0, MAX_OFFSET).default(0).meta({ description: 'Ranks to pass over' }),
};

const totalSchema = countSchema.meta({ description: 'Users on the board' });

export const rankedUserSchema = z
  .object({
    rank: z.int().min(1).meta({ description: 'No two users have the same' }),
    userId: userIdSchema,
    qualifiedDaysCount: z.int().min(1),
    longestStreak: z.int().min(1),
    currentStreak: countSchema,
    percentile: z.number().min(0).max(100).meta({
      description: 'Per cent of the others who rank lower, cut to two decimals; 100 for the first, 0 for the last',
    }),
  })
  .meta({ id: 'RankedUser' });

export const leaderboardDocument = {
  method: 'get',
  path: '/leaderboard',
  operationId: 'getLeaderboard',
  tag,
  summary: 'A page of a leaderboard',
  description:
    'Ranks qualified days (`board=qualified`) or the current streak (`board=current`, without those who have none), then the ' +
    'longest streak, both descending; then who reached that first, then the bytes of the user id. A streak leaves the board ' +
    'of current streaks when it breaks, as the local day of its user ends. With `around` the page is laid around a user; it ' +
    'has no `items` where the user is not on the board.',
  request: {
    query: z
      .object({
        ruleId: ruleParameter,
        board: z
          .enum(boardNames, { error: faultText('UNKNOWN_BOARD', `must be ${boardNames.join(' or ')}`) })
          .default('qualified'),
        ...pageShape,
        around: idSchema.optional().meta({ description: 'Id of a user, in place of `offset`' }),
      })
      .superRefine(({ around, offset }, context) => {
        if (around !== undefined && offset !== 0) {
          context.addIssue({
            code: 'custom',
            path: ['offset'],
            message: faultText('NOT_WITH_AROUND', 'must not be given together with around'),
          });
        }
      }),
  },
  responses: {
    200: jsonResponse(
      'The page, in the order of the ranks.',
      z.object({
        ruleId: ruleIdSchema,
        board: z.enum(boardNames).meta({ id: 'BoardName' }),
        total: totalSchema,
        items: z.array(rankedUserSchema),
      }),
    ),
    ...readProblems,
  },
} satisfies RouteDocument;

export const apiLeaderboardDocument = {
  method: 'get',
  path: '/api/streak/leaderboard',
  operationId: 'getApiLeaderboard',
  tag,
  summary: 'A page of the current streaks, in snake_case',
  description: `As \`/leaderboard?ruleId=${ACTIVITY_RULE}&board=current\`.`,
  request: { query: z.object(pageShape) },
  responses: {
    200: jsonResponse(
      'The page, in the order of the ranks.',
      z.object({
        total: totalSchema,
        leaderboard: z.array(
          z
            .object({
              rank: z.int().min(1),
              user_id: userIdSchema,
              current_streak: z.int().min(1),
              longest_streak: z.int().min(1),
            })
            .meta({ id: 'ApiRankedUser' }),
        ),
      }),
    ),
    ...readProblems,
  },
} satisfies RouteDocument;
