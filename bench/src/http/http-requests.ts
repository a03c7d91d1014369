import type { Session } from '@streaks/shared/domain/events/session';
import type { Request } from 'autocannon';

/** A GET of each of these users in turn. */
export function streakRequests(userIds: readonly string[]): Request[] {
  return userIds.map((userId) => ({ method: 'GET', path: `/users/${encodeURIComponent(userId)}/streak` }));
}

/** A POST of each of these sessions in turn. Sent again, a session is accepted and published again. */
export function sessionRequests(sessions: readonly Session[]): Request[] {
  return sessions.map((session) => ({
    method: 'POST',
    path: '/sessions',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(sessionAsJson(session)),
  }));
}

export function sessionAsJson({ userId, sessionId, startMs, endMs, timezone }: Session): Record<string, string> {
  const [startTime, endTime] = [new Date(startMs).toISOString(), new Date(endMs).toISOString()];
  return { userId, sessionId, startTime, endTime, timezone };
}
