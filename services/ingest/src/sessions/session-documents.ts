import { sessionCompletedJson } from '@streaks/shared/contracts/user-event-json';
import { problemFaultSchema } from '@streaks/shared/http/openapi/problem-schema';
import { jsonBody, problemResponse, type RouteDocument } from '@streaks/shared/http/openapi/route-document';
import { z } from 'zod';
import { preferHeaders, publishUnavailable, streakSchema, submissionResponses } from '../http/submission-documents';
import { maxBatchSessions } from './batch/batch-route';

/** `judgeSession` judges by the domain's rules, which name more; a test holds the two alike. */
export const sessionBody = z
  .strictObject(sessionCompletedJson.shape)
  .meta({ id: 'Session', description: 'A finished session, at most 7 days long and not in the future' });

const tag = 'Sessions';

export const sessionDocument = {
  method: 'post',
  path: '/sessions',
  operationId: 'recordSession',
  tag,
  summary: 'Record a finished session',
  description:
    'The first session of an id counts: an identical repeat changes nothing, another one of that id is refused.',
  request: { headers: preferHeaders, body: jsonBody(sessionBody) },
  responses: submissionResponses({
    event: { sessionId: z.string(), userId: z.string() },
    hasStatusUrl: true,
    processed: 201,
    told: { streak: streakSchema },
  }),
} as const satisfies RouteDocument;

const itemResult = z
  .object({
    index: z.int().min(0).meta({ description: 'Place in the batch, from 0' }),
    status: z.enum(['accepted', 'rejected']),
    sessionId: z.string().optional(),
    errors: z.array(problemFaultSchema).optional().meta({ description: 'Of a rejected one: every fault' }),
  })
  .meta({ id: 'BatchItem' });

const batchMembers = {
  accepted: z.int().min(0),
  rejected: z.int().min(0),
  results: z.array(itemResult).meta({ description: 'In the order sent' }),
};

const stream = z.string().meta({ description: 'NDJSON: one JSON object a line' });

export const batchDocument = {
  method: 'post',
  path: '/sessions/batch',
  operationId: 'recordSessions',
  tag,
  summary: 'Record many sessions at once, each judged alone',
  description:
    `As JSON up to ${maxBatchSessions} sessions. As \`application/x-ndjson\`, uncompressed, one session a line; the answer is ` +
    'a stream too, with a line for each session as soon as it is acknowledged and a last line that sums up.',
  request: {
    body: {
      // The items are judged one by one: any value may stand there.
      ...jsonBody(
        z
          .object({ sessions: z.array(sessionBody).min(1).max(maxBatchSessions) })
          .meta({ id: 'SessionBatch', description: 'An item that is no session is told in its result' }),
      ),
      'application/x-ndjson': stream,
    },
  },
  responses: {
    202: {
      description: 'At least one was accepted.',
      content: {
        'application/json': z.object(batchMembers).meta({ id: 'BatchResult' }),
        'application/x-ndjson': stream,
      },
    },
    400: problemResponse('No session was accepted, or there is none.', {
      members: z.object(batchMembers).partial().shape,
    }),
    503: publishUnavailable,
  },
} as const satisfies RouteDocument;
