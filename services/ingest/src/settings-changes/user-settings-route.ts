import { idField } from '@streaks/shared/contracts/json-fields';
import { USER_SETTINGS } from '@streaks/shared/contracts/records/settings-fields';
import type { EventLimits } from '@streaks/shared/domain/events/faults';
import { jsonBody, type RouteDocument } from '@streaks/shared/http/openapi/route-document';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { answerSubmission } from '../http/answer-submission';
import { pathFaults } from '../http/path-ids';
import { invalidRequest, requireObject } from '../http/request-faults';
import { preferHeaders, submissionResponses } from '../http/submission-documents';
import { type SubmitOptions, submitUserEvent } from '../http/submit-event';
import type { IngestMetrics } from '../metrics';
import { preferredWaitSeconds } from '../waiting/prefer-wait';
import { describeChange, judgeChange } from './judge-change';
import { userSettingsBody } from './settings-bodies';
import { changeMembers, idempotencyHeaders } from './settings-documents';

export type UserSettingsRouteOptions = SubmitOptions & {
  /** With the time of the request as the record's time. */
  readonly limits: () => EventLimits;
  readonly metrics: Pick<IngestMetrics, 'countEvent' | 'countWait'>;
  /** Ids of changes that come without one; unique. */
  readonly newId: () => string;
};

export const userSettingsDocument = {
  method: 'put',
  path: '/users/{userId}/settings',
  operationId: 'changeUserSettings',
  tag: 'Settings',
  summary: 'Change settings of a user',
  description:
    'A setting that is absent stays as it is; `null` takes it back to the default. Streaks follow: a change of the runs is ' +
    'told as `STREAK_REVISED` or `STREAK_RECOVERED`.',
  request: {
    params: z.object({ userId: idField('Whose settings', 'ada') }),
    headers: preferHeaders.extend(idempotencyHeaders.shape),
    body: jsonBody(userSettingsBody),
  },
  responses: submissionResponses({
    event: { userId: z.string(), ...changeMembers },
    hasStatusUrl: false,
    processed: 200,
    told: {},
  }),
} as const satisfies RouteDocument;

/** `PUT /users/{userId}/settings`: 202, or with `Prefer: wait=N` 200 once the streaks are as the change wants them. */
export function createUserSettingsHandler(options: UserSettingsRouteOptions) {
  const { limits, metrics, newId } = options;

  return async function acceptUserSettings(request: Request<{ userId: string }>, response: Response): Promise<void> {
    const { userId } = request.params;
    const judged = judgeChange({
      body: requireObject(request.body, 'settings'),
      schema: userSettingsBody,
      fields: USER_SETTINGS,
      idempotencyKey: request.get('Idempotency-Key'),
      newId,
      limits: limits(),
    });
    const ofPath = pathFaults({ userId });
    if ('faults' in judged || ofPath.length > 0) {
      metrics.countEvent('settings', 'rejected');
      throw invalidRequest([...ofPath, ...('faults' in judged ? judged.faults : [])]);
    }
    const submission = await submitUserEvent(
      { kind: 'settings', userId, change: judged.change },
      {
        requestId: request.requestId,
        waitSeconds: preferredWaitSeconds(request.headers['prefer']) ?? 0,
        count: (result) => metrics.countEvent('settings', result),
        refusal: 'STREAKS_INVALID_REQUEST',
      },
      options,
    );
    answerSubmission(response, submission, {
      event: { userId, ...describeChange(judged.change) },
      processed: 200,
      describe: () => ({}),
      refusal: 'STREAKS_EVENT_REFUSED',
    });
  };
}
