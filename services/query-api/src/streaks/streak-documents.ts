import { jsonResponse, type RouteDocument } from '@streaks/shared/http/openapi/route-document';
import { z } from 'zod';
import {
  countSchema,
  dateSchema,
  figureShape,
  instantSchema,
  ruleIdSchema,
  userIdSchema,
} from '../http/documents/answer-parts';
import { readProblems } from '../http/documents/problems';
import { faultText } from '../http/requests/fault-text';
import { idSchema, instantParameter, userParams, zoneParameter } from '../http/requests/parameters';

/** Most users of one batch. */
export const MAX_BATCH_USERS = 1_000;

const tag = 'Streaks';

const momentShape = {
  at: instantParameter.optional().meta({
    description: 'An instant asked about; by default now. Days after its date are left out, and its date counts whole',
  }),
  timezone: zoneParameter.optional(),
};

export const streakSchema = z
  .object({ userId: userIdSchema, ...figureShape })
  .meta({ id: 'Streak', description: 'Streak of a user under the rule `focus`' });

export const streakDocument = {
  method: 'get',
  path: '/users/{userId}/streak',
  operationId: 'getStreak',
  tag,
  summary: 'The streak of a user, as of now or of an instant',
  description: 'Of the rule `focus`. Answered from Redis, or from Postgres while Redis is away.',
  request: { params: userParams, query: z.object(momentShape) },
  responses: { 200: jsonResponse('The streak; zeros for a user who is not known.', streakSchema), ...readProblems },
} satisfies RouteDocument;

const todaySchema = countSchema.nullable();

export const ruleStreakSchema = z
  .object({
    ruleId: ruleIdSchema,
    ...figureShape,
    status: z.enum(['none', 'safe', 'at_risk', 'frozen', 'broken']).meta({
      description:
        '`safe`: today qualified. `at_risk`: breaks at `expiresAt` unless today qualifies. `frozen`: alive thanks to a ' +
        'freeze or a pause. `broken`: over. `none`: no day ever qualified',
    }),
    freezesLeft: countSchema.meta({ description: 'Freezes that are left to bridge days that are missed' }),
    daysBridged: countSchema.meta({ description: 'Days of the current streak that a freeze or a pause bridged' }),
    isActiveToday: z.boolean().meta({ description: 'Today is a qualified day' }),
    daysSinceActivity: countSchema.nullable().meta({
      description: 'Days since the last qualified day, 0 if that is today; null without one',
    }),
    expiresAt: instantSchema.nullable().meta({
      description: 'When the current streak breaks if nothing is added; null without a current streak',
    }),
    timezone: z.string().meta({ description: 'The zone that "today" was taken in', example: 'Europe/London' }),
    secondsToday: todaySchema.meta({
      description: '`focus`: whole seconds counted today. Null under `activity`, and while Postgres is away',
    }),
    secondsToTarget: todaySchema.meta({
      description: "`focus`: seconds missing to today's target. Null under `activity`, and while Postgres is away",
    }),
    checkInsToday: todaySchema.meta({
      description: '`activity`: check-ins of today. Null under `focus`, and while Postgres is away',
    }),
    checkInsToTarget: todaySchema.meta({
      description: "`activity`: check-ins missing to today's target. Null under `focus`, and while Postgres is away",
    }),
  })
  .meta({ id: 'RuleStreak', description: 'Streak of a user under one rule, with what is left to do today' });

export const streaksDocument = {
  method: 'get',
  path: '/users/{userId}/streaks',
  operationId: 'getStreaks',
  tag,
  summary: 'The streaks of a user under every rule, as of now',
  request: { params: userParams, query: z.object({ timezone: zoneParameter.optional() }) },
  responses: {
    200: jsonResponse(
      'One element for each rule. While Postgres is away, a rule of which Redis does not know is left out.',
      z.object({ userId: userIdSchema, streaks: z.array(ruleStreakSchema) }),
    ),
    ...readProblems,
  },
} satisfies RouteDocument;

const userIdsSchema = z.preprocess(
  (value, context) => {
    if (Array.isArray(value) && value.length > MAX_BATCH_USERS) {
      // Before its elements are looked at: there may be a hundred thousand.
      context.addIssue({
        code: 'custom',
        message: faultText('TOO_MANY', `must hold at most ${MAX_BATCH_USERS} user ids`),
      });
      return z.NEVER;
    }
    return value;
  },
  z.array(idSchema, { error: faultText('NOT_A_LIST', 'must be a list of user ids') }).max(MAX_BATCH_USERS),
);

export const streaksBatchDocument = {
  method: 'post',
  path: '/streaks/batch',
  operationId: 'getStreaksOfUsers',
  tag,
  summary: `The streaks of up to ${MAX_BATCH_USERS} users`,
  description: 'Of the rule `focus`, in the order asked. At most 2 MiB.',
  request: {
    body: {
      'application/json': z.object(
        { userIds: userIdsSchema, ...momentShape },
        { error: faultText('NOT_AN_OBJECT', 'the body must be an object such as {"userIds":["u1","u2"]}') },
      ),
    },
  },
  responses: {
    200: jsonResponse('In the order asked.', z.object({ streaks: z.array(streakSchema) })),
    ...readProblems,
  },
} satisfies RouteDocument;

export const apiStreakSchema = z
  .object({
    current_streak: countSchema,
    longest_streak: countSchema,
    last_active_date: dateSchema.nullable(),
  })
  .meta({ id: 'ActivityStreak', description: 'Streak of a user under the rule `activity`' });

export const apiStreakDocument = {
  method: 'get',
  path: '/api/streak/{userId}',
  operationId: 'getActivityStreak',
  tag,
  summary: 'The streak of check-ins of a user, in the snake_case form',
  description: 'A user called `leaderboard` cannot be asked for here: `/api/streak/leaderboard` is the board.',
  request: { params: userParams, query: z.object({ timezone: zoneParameter.optional() }) },
  responses: { 200: jsonResponse('The streak; zeros for a user who is not known.', apiStreakSchema), ...readProblems },
} satisfies RouteDocument;
