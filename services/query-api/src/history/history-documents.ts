import type { RuleId } from '@streaks/shared/domain/rules';
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
import { cursorParameter, defineCursor, nextCursorSchema } from '../http/requests/cursors';
import { limitParameter, ruleParameter, userParams } from '../http/requests/parameters';

const MAX_CHANGES = 200;
const USUAL_CHANGES = 50;

const figuresSchema = z.object(figureShape).meta({
  id: 'StreakFigures',
  description: '`currentStreak` is the length of the latest streak, whether or not it was still alive',
});

export const streakChangeSchema = z
  .object({
    ruleId: ruleIdSchema,
    changeType: z
      .enum(['FIRST_ACTIVITY', 'STREAK_INCREMENT', 'STREAK_RESET', 'STREAK_RECOVERED', 'STREAK_REVISED', 'USER_ERASED'])
      .meta({ id: 'StoredChangeType', description: 'Why the streak changed' }),
    qualifiedDate: dateSchema
      .nullable()
      .meta({ description: 'The day that the change added; null when it added none' }),
    before: figuresSchema,
    after: figuresSchema,
    versionBefore: countSchema,
    versionAfter: countSchema.meta({ description: 'One more than the one before; no version is left out' }),
    timezone: z
      .string()
      .nullable()
      .meta({ description: 'Zone of the user after the change', example: 'Europe/London' }),
    requestId: z.string().nullable().meta({ description: '`X-Request-Id` of the request that caused the change' }),
    source: z
      .object({ topicId: z.string(), partition: countSchema, offset: countSchema })
      .meta({ description: 'Position in Kafka of the record that caused the change' }),
    recordedAt: instantSchema.meta({ description: 'When the change was stored' }),
    eventId: z.string().meta({ format: 'uuid', description: 'That of the record in `streak-changes`' }),
  })
  .meta({ id: 'StreakChange', description: 'One stored change of a streak' });

interface HistoryList {
  readonly ruleId: RuleId;
  readonly cursor?: string | undefined;
}

/** A page ends with the version of its last change. */
export const historyCursor = defineCursor({
  scopeOf: ({ ruleId }: HistoryList) => ['history', ruleId],
  isPosition: isVersion,
});

export const historyDocument = {
  method: 'get',
  path: '/users/{userId}/history',
  operationId: 'getHistory',
  tag: 'History',
  summary: 'Every stored change of a streak, newest first',
  description:
    'Versions follow each other without a gap, and each change starts where the one before ended. What was stored before ' +
    'the erasure of a user, or in a month that was detached, is gone.',
  request: {
    params: userParams,
    query: z
      .object({ ruleId: ruleParameter, cursor: cursorParameter, limit: limitParameter(MAX_CHANGES, USUAL_CHANGES) })
      .superRefine(historyCursor.check),
  },
  responses: {
    200: jsonResponse(
      'A page of changes.',
      z.object({
        userId: userIdSchema,
        ruleId: ruleIdSchema,
        items: z.array(streakChangeSchema),
        nextCursor: nextCursorSchema,
      }),
    ),
    ...readProblems,
  },
} satisfies RouteDocument;

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}
