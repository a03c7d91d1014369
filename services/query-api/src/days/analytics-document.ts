import type { RuleId } from '@streaks/shared/domain/rules';
import { jsonResponse, type RouteDocument } from '@streaks/shared/http/openapi/route-document';
import { z } from 'zod';
import { countSchema, dateSchema, ruleIdSchema, unitSchema, userIdSchema } from '../http/documents/answer-parts';
import { readProblems } from '../http/documents/problems';
import { cursorParameter, defineCursor, nextCursorSchema } from '../http/requests/cursors';
import { faultText } from '../http/requests/fault-text';
import { limitParameter, ruleParameter, userParams } from '../http/requests/parameters';
import { checkDayRange, dayRangeShape, isLocalDay } from './day-range';
import type { PeriodKind } from './periods';

const MAX_PERIODS = 100;
const USUAL_PERIODS = 12;

const periodSchema = z.enum(['week', 'month'], { error: faultText('UNKNOWN_PERIOD', 'must be week or month') });

export const periodSummarySchema = z
  .object({
    period: z.string().meta({ description: 'ISO week or month', example: '2025-W03' }),
    from: dateSchema.meta({ description: 'Its first day' }),
    to: dateSchema.meta({ description: 'Its last day' }),
    total: countSchema,
    activeDays: countSchema.meta({ description: 'Days with a total' }),
    qualifiedDays: countSchema,
    bestRun: countSchema.meta({ description: 'Most qualified days in a row, as far as they lie inside' }),
  })
  .meta({ id: 'PeriodSummary', description: 'What was done in a week or a month' });

/** A page ends with the first day of its last period. */
export const analyticsCursor = defineCursor({
  scopeOf: ({ period, ruleId }: AnalyticsList) => ['analytics', period, ruleId],
  isPosition: isLocalDay,
});

interface AnalyticsList {
  readonly period: PeriodKind;
  readonly ruleId: RuleId;
  readonly cursor?: string | undefined;
}

export const analyticsDocument = {
  method: 'get',
  path: '/users/{userId}/analytics',
  operationId: 'getAnalytics',
  tag: 'Days',
  summary: 'What was done by week or by month',
  description:
    'Newest first; weeks (Monday to Sunday, ISO 8601) or months without a total are left out. Days outside of `from` and ' +
    '`to` are not counted.',
  request: {
    params: userParams,
    query: z
      .object({
        period: periodSchema.default('week'),
        ruleId: ruleParameter,
        ...dayRangeShape,
        cursor: cursorParameter,
        limit: limitParameter(MAX_PERIODS, USUAL_PERIODS),
      })
      .superRefine(checkDayRange())
      .superRefine(analyticsCursor.check),
  },
  responses: {
    200: jsonResponse(
      'A page of weeks or months.',
      z.object({
        userId: userIdSchema,
        ruleId: ruleIdSchema,
        unit: unitSchema,
        items: z.array(periodSummarySchema),
        nextCursor: nextCursorSchema,
      }),
    ),
    ...readProblems,
  },
} satisfies RouteDocument;
