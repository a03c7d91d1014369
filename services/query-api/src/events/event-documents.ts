import {
  jsonResponse,
  problemResponse,
  type RouteDocument,
  retryAfterHeader,
} from '@streaks/shared/http/openapi/route-document';
import { z } from 'zod';
import { instantSchema, userIdSchema } from '../http/documents/answer-parts';
import { readProblems } from '../http/documents/problems';
import { idSchema, userIdParameter } from '../http/requests/parameters';

const tag = 'Events';

const rejectedShape = {
  status: z.literal('rejected'),
  reason: z.string().meta({ description: 'Code of the dead letter', example: 'TOO_LONG' }),
  detail: z.string(),
};

const sessionNames = { userId: userIdSchema, sessionId: z.string() };

export const sessionSchema = z
  .discriminatedUnion('status', [
    z.object({
      ...sessionNames,
      status: z.literal('processed'),
      startTime: instantSchema,
      endTime: instantSchema,
      timezone: z.string(),
    }),
    z.object({ ...sessionNames, status: z.literal('retracted') }),
    z.object({ ...sessionNames, ...rejectedShape }),
  ])
  .meta({ id: 'SessionRecord', description: 'What became of a session' });

export const sessionDocument = {
  method: 'get',
  path: '/sessions/{userId}/{sessionId}',
  operationId: 'getSession',
  tag,
  summary: 'What became of a session',
  description:
    'Where one session was applied and another of the same id refused, the applied one is answered. A retraction may ' +
    'come before its session: `retracted` then stands for both.',
  request: { params: z.object({ userId: userIdParameter, sessionId: idSchema }) },
  responses: {
    200: jsonResponse('The session was seen.', sessionSchema),
    ...readProblems,
    404: problemResponse('`STREAKS_SESSION_NOT_SEEN`: not processed yet, or never sent.', {
      headers: retryAfterHeader,
    }),
  },
} satisfies RouteDocument;

const checkInNames = { userId: userIdSchema, checkInId: z.string() };

export const checkInSchema = z
  .discriminatedUnion('status', [
    z.object({ ...checkInNames, status: z.literal('processed'), at: instantSchema, timezone: z.string() }),
    z.object({ ...checkInNames, ...rejectedShape }),
  ])
  .meta({ id: 'CheckInRecord', description: 'What became of a check-in' });

export const checkInDocument = {
  method: 'get',
  path: '/check-ins/{userId}/{checkInId}',
  operationId: 'getCheckIn',
  tag,
  summary: 'What became of a check-in',
  request: { params: z.object({ userId: userIdParameter, checkInId: idSchema }) },
  responses: {
    200: jsonResponse('The check-in was seen.', checkInSchema),
    ...readProblems,
    404: problemResponse('`STREAKS_CHECK_IN_NOT_SEEN`: not processed yet, or never sent.', {
      headers: retryAfterHeader,
    }),
  },
} satisfies RouteDocument;
