import { idField } from '@streaks/shared/contracts/json-fields';
import { findZone } from '@streaks/shared/domain/calendar/zone';
import { idFaults } from '@streaks/shared/domain/events/faults';
import { problem } from '@streaks/shared/errors/problem';
import {
  jsonBody,
  jsonResponse,
  problemResponse,
  type RouteDocument,
} from '@streaks/shared/http/openapi/route-document';
import { sendJson } from '@streaks/shared/http/send-json';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { bodyFaults, invalidRequest, requireObject } from '../http/request-faults';
import { preferenceApplied, preferHeaders, publishUnavailable } from '../http/submission-documents';
import { submitUserEvent } from '../http/submit-event';
import { changeTypeSchema } from '../waiting/event-outcome';
import { preferredWaitSeconds } from '../waiting/prefer-wait';
import type { CheckInRouteOptions } from './check-in-route';
import { checkInStatusUrl } from './check-in-status-url';
import { describeUpdate, UTC_NOTE } from './update-answer';

/** How long an update waits for the processor where `Prefer: wait=N` says nothing else. */
export const defaultUpdateWaitSeconds = 10;

const updateBody = z
  .strictObject({
    userId: idField('Whose streak it is', 'ada'),
    timezone: z.string().meta({
      description: 'IANA time zone of the user; UTC is taken for one that is not known',
      example: 'Asia/Tokyo',
    }),
  })
  .meta({ id: 'StreakUpdate' });

const updatedSchema = z
  .object({
    success: z.boolean().meta({ description: 'False where the user was erased while the update was under way' }),
    current_streak: z.int().min(0),
    longest_streak: z.int().min(0),
    last_active_date: z.iso.date().nullable(),
    change_type: changeTypeSchema.nullable().meta({ description: 'null where the day does not count yet' }),
    message: z.string(),
  })
  .meta({ id: 'UpdatedStreak' });

const pendingSchema = z
  .object({
    success: z.literal(true),
    status: z.literal('accepted'),
    check_in_id: z.string(),
    status_url: z.url(),
    message: z.string(),
  })
  .meta({ id: 'PendingUpdate' });

const headers = z.object({ Location: z.url(), 'Preference-Applied': preferenceApplied });

export const updateDocument = {
  method: 'post',
  path: '/api/streak/update',
  operationId: 'updateStreak',
  tag: 'Check-ins',
  summary: "Check a user in now and answer with the user's streak",
  description:
    `Waits for the processor, ${defaultUpdateWaitSeconds} seconds unless \`Prefer: wait=N\` says otherwise. ` +
    'Each call is a check-in of its own: of several on one day the first counts, the others are answered `STREAK_MAINTAINED`.',
  request: { headers: preferHeaders, body: jsonBody(updateBody) },
  responses: {
    200: jsonResponse('The streak with this update.', updatedSchema, headers),
    202: jsonResponse('Kafka has the update; the processor has not told of it in time.', pendingSchema, headers),
    400: problemResponse('Faults, all of them named; nothing was published.'),
    422: problemResponse('Published, but refused by the processor.', {
      members: { check_in_id: z.string(), status_url: z.url(), reason: z.string() },
      headers,
    }),
    503: publishUnavailable,
  },
} as const satisfies RouteDocument;

/** `POST /api/streak/update`: a check-in at the moment of the request that waits for what it did to the streak. */
export function createUpdateHandler(options: CheckInRouteOptions) {
  const { limits, queryApiUrl, metrics, newId } = options;

  return async function acceptUpdate(request: Request, response: Response): Promise<void> {
    const { userId, timezone, isZoneKnown } = judgeUpdate(request.body);
    const checkInId = newId();
    const preferred = preferredWaitSeconds(request.headers['prefer']);
    const submission = await submitUserEvent(
      { kind: 'check-in', userId, checkInId, timezone, atMs: limits().recordTimeMs },
      {
        requestId: request.requestId,
        waitSeconds: preferred ?? defaultUpdateWaitSeconds,
        count: (result) => metrics.countEvent('update', result),
        refusal: 'STREAKS_INVALID_REQUEST',
      },
      options,
    );
    const note = isZoneKnown ? '' : UTC_NOTE;
    const outcome = 'outcome' in submission ? submission.outcome : undefined;
    const statusUrl = checkInStatusUrl(queryApiUrl, { userId, checkInId });
    const place = { check_in_id: checkInId, status_url: statusUrl };
    response.setHeader('Location', statusUrl);
    if ('outcome' in submission && preferred !== undefined)
      response.setHeader('Preference-Applied', `wait=${preferred}`);
    if (outcome === undefined) {
      const message = `Recorded; it shows in the streak as soon as it is processed.${note}`;
      sendJson(response, 202, { success: true, status: 'accepted', ...place, message });
      return;
    }
    if (outcome.outcome === 'rejected') {
      const { reason = 'UNKNOWN', detail } = outcome;
      throw problem({
        code: 'STREAKS_EVENT_REFUSED',
        ...(detail === undefined ? {} : { detail }),
        extra: { ...place, reason },
      });
    }
    sendJson(response, 200, describeUpdate(outcome, note, limits().recordTimeMs));
  };

  function judgeUpdate(sent: unknown) {
    const body = requireObject(sent, 'an update');
    const faults = bodyFaults(updateBody, body, idFaults('userId', body['userId']));
    if (faults.length > 0) {
      metrics.countEvent('update', 'rejected');
      throw invalidRequest(faults);
    }
    // Without faults the body is one: bodyFaults has judged it by its schema.
    const { userId, timezone } = body as z.output<typeof updateBody>;
    const isZoneKnown = findZone(timezone) !== undefined;
    return { userId, timezone: isZoneKnown ? timezone : 'UTC', isZoneKnown };
  }
}
