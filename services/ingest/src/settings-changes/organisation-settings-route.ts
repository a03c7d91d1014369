import { idField } from '@streaks/shared/contracts/json-fields';
import type { OrganisationEventToSend } from '@streaks/shared/contracts/organisation-event-codec';
import { ORGANISATION_SETTINGS } from '@streaks/shared/contracts/records/settings-fields';
import {
  jsonBody,
  jsonResponse,
  problemResponse,
  type RouteDocument,
} from '@streaks/shared/http/openapi/route-document';
import { sendJson } from '@streaks/shared/http/send-json';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { pathFaults } from '../http/path-ids';
import { invalidRequest, requireObject } from '../http/request-faults';
import { publishUnavailable } from '../http/submission-documents';
import { publishEvent } from '../http/submit-event';
import type { EventPublisher } from '../publishing/event-publisher';
import { describeChange, judgeChange } from './judge-change';
import { organisationSettingsBody } from './settings-bodies';
import { changeMembers, idempotencyHeaders } from './settings-documents';
import type { UserSettingsRouteOptions } from './user-settings-route';

export type OrganisationSettingsRouteOptions = Pick<UserSettingsRouteOptions, 'limits' | 'metrics' | 'newId'> & {
  readonly organisations: EventPublisher<OrganisationEventToSend>;
};

export const organisationSettingsDocument = {
  method: 'put',
  path: '/organisations/{organisationId}/settings',
  operationId: 'changeOrganisationSettings',
  tag: 'Settings',
  summary: 'Change settings of an organisation',
  description:
    'They count for members that have no setting of their own. Members are evaluated anew page by page: with many of them ' +
    'it takes a while until every streak shows the change.',
  request: {
    params: z.object({ organisationId: idField('Whose settings; also the key of the Kafka record', 'acme') }),
    headers: idempotencyHeaders,
    body: jsonBody(organisationSettingsBody),
  },
  responses: {
    202: jsonResponse(
      'Every in-sync replica of Kafka has it.',
      z.object({ organisationId: z.string(), ...changeMembers, status: z.literal('accepted') }),
    ),
    400: problemResponse('Faults, all of them named; nothing was published.'),
    503: publishUnavailable,
  },
} as const satisfies RouteDocument;

/** `PUT /organisations/{organisationId}/settings`: 202. There is no single moment at which all members are evaluated to wait for. */
export function createOrganisationSettingsHandler(options: OrganisationSettingsRouteOptions) {
  const { organisations, limits, metrics, newId } = options;

  return async function acceptOrganisationSettings(
    request: Request<{ organisationId: string }>,
    response: Response,
  ): Promise<void> {
    const { organisationId } = request.params;
    const judged = judgeChange({
      body: requireObject(request.body, 'settings'),
      schema: organisationSettingsBody,
      fields: ORGANISATION_SETTINGS,
      idempotencyKey: request.get('Idempotency-Key'),
      newId,
      limits: limits(),
    });
    const ofPath = pathFaults({ organisationId });
    if ('faults' in judged || ofPath.length > 0) {
      metrics.countEvent('organisation_settings', 'rejected');
      throw invalidRequest([...ofPath, ...('faults' in judged ? judged.faults : [])]);
    }
    await publishEvent(
      organisations,
      { kind: 'organisation-settings', organisationId, change: judged.change },
      {
        count: (result) => metrics.countEvent('organisation_settings', result),
        refusal: 'STREAKS_INVALID_REQUEST',
      },
      { requestId: request.requestId },
    );
    sendJson(response, 202, { organisationId, ...describeChange(judged.change), status: 'accepted' });
  };
}
