import type { ReferenceChange, ReferenceEvent } from '@streaks/testing/reference/reference-event';
import { toJson as sessionToJson } from './session-producer';

const instant = (ms: number): string => new Date(ms).toISOString();

/** An event as the JSON contract has it. */
export function toJson(event: ReferenceEvent): string {
  switch (event.kind) {
    case 'session':
      return sessionToJson(event.session);
    case 'check-in': {
      const { atMs, ...checkIn } = event.checkIn;
      return JSON.stringify({ type: 'CheckInRecorded', at: instant(atMs), ...checkIn });
    }
    case 'retraction':
      return JSON.stringify({ type: 'SessionRetracted', userId: event.userId, sessionId: event.sessionId });
    case 'settings':
      return JSON.stringify({ type: 'UserSettingsChanged', userId: event.userId, ...changeToJson(event.change) });
    case 'erasure':
      return JSON.stringify({ type: 'UserErased', userId: event.userId });
    case 'organisation':
      return JSON.stringify({
        type: 'OrganisationSettingsChanged',
        organisationId: event.organisationId,
        ...changeToJson(event.change),
      });
    case 'friendship': {
      const { userId, friendId, isFriend, changedAtMs } = event;
      const type = isFriend ? 'FriendAdded' : 'FriendRemoved';
      return JSON.stringify({ type, userId, friendId, changedAt: instant(changedAtMs) });
    }
  }
}

function changeToJson({ changedAtMs, ...change }: ReferenceChange): object {
  return { ...change, changedAt: instant(changedAtMs) };
}

/** Whom the record is keyed by. */
export function keyOf(event: ReferenceEvent): string {
  if (event.kind === 'session') return event.session.userId;
  if (event.kind === 'check-in') return event.checkIn.userId;
  return event.kind === 'organisation' ? event.organisationId : event.userId;
}
