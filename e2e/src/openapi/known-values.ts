/**
 * Values that schemathesis takes most of the time instead of ones it makes up: writes and reads meet at the same users and
 * events, and a session can be one.
 */
export const known = {
  users: ['ada', 'grace', 'edsger'],
  events: ['e1', 'e2', 'e3', 'e4'],
  organisations: ['acme'],
  zones: ['Europe/London', 'Asia/Kathmandu', 'America/New_York'],
  days: ['2025-01-15', '2025-12-31', '2026-02-28'],
  starts: ['2025-01-15T10:00:00Z', '2025-01-16T23:59:59+05:45', '2025-01-17T09:00:00.250Z'],
  ends: ['2025-01-18T10:00:00Z', '2025-01-18T23:59:59-11:00'],
  preferences: ['wait=5'],
  eventIds: ['focus:1,activity:1'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Which parameters they are for, as schemathesis names them. */
export const parametersOf: Readonly<Record<keyof typeof known, readonly string[]>> = {
  users: ['path.userId', 'path.friendId', 'body.userId', 'body.userIds[*]', 'body.sessions[*].userId', 'query.around'],
  events: [
    'path.sessionId',
    'path.checkInId',
    'body.sessionId',
    'body.checkInId',
    'body.changeId',
    'body.sessions[*].sessionId',
  ],
  organisations: ['path.organisationId', 'body.organisationId'],
  zones: ['query.timezone', 'body.timezone', 'body.sessions[*].timezone'],
  days: ['query.from', 'query.to', 'body.effectiveFrom'],
  starts: ['query.at', 'body.startTime', 'body.at', 'body.sessions[*].startTime'],
  ends: ['body.endTime', 'body.sessions[*].endTime'],
  preferences: ['header.Prefer'],
  eventIds: ['header.Last-Event-ID', 'query.lastEventId'],
};
