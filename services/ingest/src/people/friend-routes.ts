import type { FriendshipEventToSend } from '@streaks/shared/contracts/friendship-event-codec';
import { friendAddedJson } from '@streaks/shared/contracts/friendship-event-json';
import { friendshipFaults } from '@streaks/shared/contracts/records/friendship-changed';
import type { EventLimits } from '@streaks/shared/domain/events/faults';
import { jsonResponse, problemResponse, type RouteDocument } from '@streaks/shared/http/openapi/route-document';
import { sendJson } from '@streaks/shared/http/send-json';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { invalidRequest } from '../http/request-faults';
import { publishUnavailable } from '../http/submission-documents';
import { publishEvent } from '../http/submit-event';
import type { IngestMetrics } from '../metrics';
import type { EventPublisher } from '../publishing/event-publisher';

export type FriendRoutesOptions = {
  readonly friendships: EventPublisher<FriendshipEventToSend>;
  /** With the time of the request as the record's time. */
  readonly limits: () => EventLimits;
  readonly metrics: Pick<IngestMetrics, 'countEvent'>;
};

const friendRoute = {
  path: '/users/{userId}/friends/{friendId}',
  tag: 'People',
  description:
    'The same whichever of the two is named first. A repeat changes nothing; of two changes the later one counts.',
  request: { params: friendAddedJson.pick({ userId: true, friendId: true }) },
  responses: {
    202: jsonResponse(
      'Every in-sync replica of Kafka has it.',
      z.object({ userId: z.string(), friendId: z.string(), status: z.literal('accepted') }),
    ),
    400: problemResponse('Faults, all of them named; nothing was published.'),
    503: publishUnavailable,
  },
};

export const addFriendDocument = {
  ...friendRoute,
  method: 'put',
  operationId: 'addFriend',
  summary: 'Make two users friends',
} as const satisfies RouteDocument;

export const removeFriendDocument = {
  ...friendRoute,
  method: 'delete',
  operationId: 'removeFriend',
  summary: 'End a friendship',
} as const satisfies RouteDocument;

type Params = { readonly userId: string; readonly friendId: string };

/** `PUT` (`isFriend`) and `DELETE /users/{userId}/friends/{friendId}`: 202. */
export function createFriendHandler({ friendships, limits, metrics }: FriendRoutesOptions, isFriend: boolean) {
  return async function acceptFriend(request: Request<Params>, response: Response): Promise<void> {
    const { userId, friendId } = request.params;
    const now = limits();
    const event = { userId, friendId, changedAtMs: now.recordTimeMs };
    const faults = friendshipFaults(event, now);
    if (faults.length > 0) {
      metrics.countEvent('friendship', 'rejected');
      throw invalidRequest(faults);
    }
    await publishEvent(
      friendships,
      { kind: 'friendship', ...event, isFriend },
      { count: (result) => metrics.countEvent('friendship', result), refusal: 'STREAKS_INVALID_REQUEST' },
      { requestId: request.requestId },
    );
    sendJson(response, 202, { userId, friendId, status: 'accepted' });
  };
}
