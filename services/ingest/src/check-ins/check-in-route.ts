import { checkInCandidateOf } from '@streaks/shared/contracts/records/check-in-recorded';
import { checkInRecordedJson } from '@streaks/shared/contracts/user-event-json';
import { type CheckIn, checkInFaults } from '@streaks/shared/domain/events/check-in';
import type { EventLimits } from '@streaks/shared/domain/events/faults';
import { emptyStreakState } from '@streaks/shared/domain/streaks/streak-state';
import { jsonBody, type RouteDocument } from '@streaks/shared/http/openapi/route-document';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { answerSubmission } from '../http/answer-submission';
import { bodyFaults, invalidRequest, requireObject } from '../http/request-faults';
import { changeTypeMember, preferHeaders, streakSchema, submissionResponses } from '../http/submission-documents';
import { type SubmitOptions, submitUserEvent } from '../http/submit-event';
import type { IngestMetrics } from '../metrics';
import { preferredWaitSeconds } from '../waiting/prefer-wait';
import { streakAsOf } from '../waiting/streak-as-of';
import { checkInStatusUrl } from './check-in-status-url';

export type CheckInRouteOptions = SubmitOptions & {
  /** With the time of the request as the record's time. */
  readonly limits: () => EventLimits;
  /** Base address of query-api, without a trailing slash. */
  readonly queryApiUrl: string;
  readonly metrics: Pick<IngestMetrics, 'countEvent' | 'countWait'>;
  /** Ids of check-ins that come without one; unique. */
  readonly newId: () => string;
};

const { userId, checkInId, timezone, at } = checkInRecordedJson.shape;

const checkInBody = z
  .strictObject({ userId, checkInId: checkInId.optional(), timezone, at: at.optional() })
  .meta({ id: 'CheckIn', description: 'Without `at` it is now; without `checkInId` one is made' });

export const checkInDocument = {
  method: 'post',
  path: '/check-ins',
  operationId: 'recordCheckIn',
  tag: 'Check-ins',
  summary: 'Record that a user was there',
  description: 'Counts 1 on the local day of `at` in `timezone`, for the rule `activity`.',
  request: { headers: preferHeaders, body: jsonBody(checkInBody) },
  responses: submissionResponses({
    event: { checkInId: z.string(), userId: z.string() },
    hasStatusUrl: true,
    processed: 201,
    told: { changeType: changeTypeMember, streak: streakSchema },
  }),
} as const satisfies RouteDocument;

/** `POST /check-ins`: answered as `POST /sessions` is. Without an id a repeat would be another check-in. */
export function createCheckInHandler(options: CheckInRouteOptions) {
  const { limits, queryApiUrl, metrics, newId } = options;

  return async function acceptCheckIn(request: Request, response: Response): Promise<void> {
    const checkIn = judgeCheckIn(request.body);
    const submission = await submitUserEvent(
      { kind: 'check-in', ...checkIn },
      {
        requestId: request.requestId,
        waitSeconds: preferredWaitSeconds(request.headers['prefer']) ?? 0,
        count: (result) => metrics.countEvent('check_in', result),
        refusal: 'STREAKS_INVALID_REQUEST',
      },
      options,
    );
    const { checkInId, userId } = checkIn;
    answerSubmission(response, submission, {
      event: { checkInId, userId },
      statusUrl: checkInStatusUrl(queryApiUrl, checkIn),
      processed: 201,
      describe: ({ changeType, state }) => ({
        ...(changeType === undefined ? {} : { changeType }),
        streak: streakAsOf(state ?? emptyStreakState, limits().recordTimeMs),
      }),
      refusal: 'STREAKS_EVENT_REFUSED',
    });
  };

  function judgeCheckIn(sent: unknown): CheckIn {
    const now = limits();
    const body = requireObject(sent, 'a check-in');
    const { checkInId = newId(), at } = body;
    const read = checkInCandidateOf({ ...body, checkInId });
    const candidate = at === undefined ? { ...read, atMs: now.recordTimeMs } : read;
    const faults = bodyFaults(checkInBody, body, checkInFaults(candidate, now));
    if (faults.length > 0) {
      metrics.countEvent('check_in', 'rejected');
      throw invalidRequest(faults);
    }
    // Without faults the candidate is a check-in: checkInFaults has checked the type of every field.
    return candidate as CheckIn;
  }
}
