import { jsonResponse, type RouteDocument } from '@streaks/shared/http/openapi/route-document';
import { z } from 'zod';
import { countSchema, dateSchema, ruleIdSchema, unitSchema, userIdSchema } from '../http/documents/answer-parts';
import { readProblems } from '../http/documents/problems';
import { ruleParameter, userParams, wholeNumberParameter, zoneParameter } from '../http/requests/parameters';
import { checkDayRange, dayRangeShape, MAX_DAYS } from './day-range';

const tag = 'Days';

export const dailyTotalSchema = z
  .object({
    date: dateSchema,
    seconds: countSchema.optional().meta({ description: '`focus`: whole seconds, cut' }),
    checkIns: countSchema.optional().meta({ description: '`activity`: check-ins' }),
    qualified: z.boolean().meta({ description: 'The total reaches the target that is in force on the day' }),
  })
  .meta({ id: 'DailyTotal', description: 'Total of a local day: `seconds` or `checkIns`, as the rule has it' });

export const dailyTotalsDocument = {
  method: 'get',
  path: '/users/{userId}/daily-totals',
  operationId: 'getDailyTotals',
  tag,
  summary: 'The local days of a user that have a total',
  description: `Ascending. A closed range is at most ${MAX_DAYS} days; an open one answers the newest ${MAX_DAYS} days with a total.`,
  request: {
    params: userParams,
    query: z.object({ ...dayRangeShape, ruleId: ruleParameter }).superRefine(checkDayRange({ mostDays: MAX_DAYS })),
  },
  responses: {
    200: jsonResponse('The days.', z.object({ userId: userIdSchema, days: z.array(dailyTotalSchema) })),
    ...readProblems,
  },
} satisfies RouteDocument;

export const calendarDaySchema = z
  .object({
    date: dateSchema,
    total: countSchema,
    qualified: z.boolean().meta({ description: 'The total reaches the target that is in force on the day' }),
    bridged: z.boolean().meta({ description: 'A freeze or a pause bridged the day: no streak broke on it' }),
  })
  .meta({ id: 'CalendarDay' });

export const calendarDocument = {
  method: 'get',
  path: '/users/{userId}/calendar',
  operationId: 'getCalendar',
  tag,
  summary: 'A year of days in one answer',
  description: 'Every date of the year, ascending, those without a total too.',
  request: {
    params: userParams,
    query: z.object({
      year: wholeNumberParameter(1970, 9999)
        .optional()
        .meta({ description: 'By default the year of today, in the zone of the user', example: 2025 }),
      ruleId: ruleParameter,
      timezone: zoneParameter.optional(),
    }),
  },
  responses: {
    200: jsonResponse(
      'The year.',
      z.object({
        userId: userIdSchema,
        ruleId: ruleIdSchema,
        year: z.int(),
        unit: unitSchema,
        days: z.array(calendarDaySchema),
      }),
    ),
    ...readProblems,
  },
} satisfies RouteDocument;
