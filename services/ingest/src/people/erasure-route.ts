import { idField } from '@streaks/shared/contracts/json-fields';
import type { RouteDocument } from '@streaks/shared/http/openapi/route-document';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { answerSubmission } from '../http/answer-submission';
import { pathFaults } from '../http/path-ids';
import { invalidRequest } from '../http/request-faults';
import { preferHeaders, submissionResponses } from '../http/submission-documents';
import { type SubmitOptions, submitUserEvent } from '../http/submit-event';
import type { IngestMetrics } from '../metrics';
import { preferredWaitSeconds } from '../waiting/prefer-wait';

export type ErasureRouteOptions = SubmitOptions & {
  readonly metrics: Pick<IngestMetrics, 'countEvent' | 'countWait'>;
};

export const erasureDocument = {
  method: 'delete',
  path: '/users/{userId}',
  operationId: 'eraseUser',
  tag: 'People',
  summary: 'Erase a person',
  description:
    'Everything recorded of the user up to now is as if it had never been: sessions, check-ins, settings, friends, streaks, ' +
    'history. What is sent later starts anew. Raw records stay in the topic until its retention ends.',
  request: { params: z.object({ userId: idField('Whom', 'ada') }), headers: preferHeaders },
  responses: submissionResponses({ event: { userId: z.string() }, hasStatusUrl: false, processed: 200, told: {} }),
} as const satisfies RouteDocument;

/** `DELETE /users/{userId}`: 202, or with `Prefer: wait=N` 200 once Postgres has nothing of the user any more; Redis follows in a moment. */
export function createErasureHandler(options: ErasureRouteOptions) {
  const { metrics } = options;

  return async function acceptErasure(request: Request<{ userId: string }>, response: Response): Promise<void> {
    const { userId } = request.params;
    const faults = pathFaults({ userId });
    if (faults.length > 0) {
      metrics.countEvent('erasure', 'rejected');
      throw invalidRequest(faults);
    }
    const submission = await submitUserEvent(
      { kind: 'erasure', userId },
      {
        requestId: request.requestId,
        waitSeconds: preferredWaitSeconds(request.headers['prefer']) ?? 0,
        count: (result) => metrics.countEvent('erasure', result),
        refusal: 'STREAKS_INVALID_REQUEST',
      },
      options,
    );
    answerSubmission(response, submission, {
      event: { userId },
      processed: 200,
      describe: () => ({}),
      refusal: 'STREAKS_EVENT_REFUSED',
    });
  };
}
