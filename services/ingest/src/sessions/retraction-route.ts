import { sessionRetractedJson } from '@streaks/shared/contracts/user-event-json';
import { emptyStreakState } from '@streaks/shared/domain/streaks/streak-state';
import type { RouteDocument } from '@streaks/shared/http/openapi/route-document';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { answerSubmission } from '../http/answer-submission';
import { pathFaults } from '../http/path-ids';
import { invalidRequest } from '../http/request-faults';
import { preferHeaders, streakSchema, submissionResponses } from '../http/submission-documents';
import { submitUserEvent } from '../http/submit-event';
import { preferredWaitSeconds } from '../waiting/prefer-wait';
import { streakAsOf } from '../waiting/streak-as-of';
import type { SessionRouteOptions } from './session-route';
import { sessionStatusUrl } from './session-status-url';

export const retractionDocument = {
  method: 'delete',
  path: '/sessions/{userId}/{sessionId}',
  operationId: 'retractSession',
  tag: 'Sessions',
  summary: 'Take a session back',
  description:
    'Totals and streaks follow exactly. A retracted id stays retracted, also where the session comes later or never came.',
  request: {
    params: sessionRetractedJson.pick({ userId: true, sessionId: true }),
    headers: preferHeaders,
  },
  responses: submissionResponses({
    event: { sessionId: z.string(), userId: z.string() },
    hasStatusUrl: true,
    processed: 200,
    told: { streak: streakSchema },
  }),
} as const satisfies RouteDocument;

type Params = { readonly userId: string; readonly sessionId: string };

/** `DELETE /sessions/{userId}/{sessionId}`: 202, or with `Prefer: wait=N` 200 with the streak that is left. */
export function createRetractionHandler(options: SessionRouteOptions) {
  const { limits, queryApiUrl, metrics } = options;

  return async function acceptRetraction(request: Request<Params>, response: Response): Promise<void> {
    const { userId, sessionId } = request.params;
    const faults = pathFaults({ userId, sessionId });
    if (faults.length > 0) {
      metrics.countEvent('retraction', 'rejected');
      throw invalidRequest(faults);
    }
    const submission = await submitUserEvent(
      { kind: 'retraction', userId, sessionId },
      {
        requestId: request.requestId,
        waitSeconds: preferredWaitSeconds(request.headers['prefer']) ?? 0,
        count: (result) => metrics.countEvent('retraction', result),
        refusal: 'STREAKS_INVALID_REQUEST',
      },
      options,
    );
    answerSubmission(response, submission, {
      event: { sessionId, userId },
      statusUrl: sessionStatusUrl(queryApiUrl, { userId, sessionId }),
      processed: 200,
      describe: ({ state }) => ({ streak: streakAsOf(state ?? emptyStreakState, limits().recordTimeMs) }),
      refusal: 'STREAKS_EVENT_REFUSED',
    });
  };
}
