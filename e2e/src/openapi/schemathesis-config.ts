/** What schemathesis sends half of the time instead of a value it made up: names that writes and reads have in common. */
const known: Readonly<Record<string, readonly string[]>> = {
  users: ['ada', 'grace', 'edsger'],
  events: ['e1', 'e2', 'e3', 'e4', 'e5', 'e6'],
  organisations: ['acme'],
  zones: ['Europe/London', 'Asia/Kathmandu', 'America/New_York', 'UTC'],
  days: ['2025-01-15', '2025-12-31', '2026-02-28'],
  instants: ['2025-01-15T10:00:00Z', '2025-01-15T10:45:00Z', '2025-01-16T23:59:59+05:45'],
};

const parameters: Readonly<Record<string, readonly string[]>> = {
  users: ['path.userId', 'path.id', 'path.friendId', 'body.userId', 'body.user_id', 'body.userIds[*]', 'query.around'],
  events: ['path.sessionId', 'path.checkInId', 'body.sessionId', 'body.checkInId'],
  organisations: ['path.organisationId', 'body.organisationId'],
  zones: ['query.timezone', 'body.timezone'],
  days: ['query.from', 'query.to', 'body.effectiveFrom'],
  instants: ['query.at', 'body.startTime', 'body.endTime', 'body.at'],
};

/**
 * The configuration file of a run. A session that waits for the processor (`Prefer: wait=30`) may take half a minute. Of
 * `streams`, operations whose answers never end, the beginning is read.
 */
export function schemathesisConfig(streams: readonly string[]): string {
  const lines = [
    'request-timeout = 40',
    ...Object.entries(known).flatMap(([name, values]) => [
      `[dictionaries.${name}]`,
      `values = [${values.map((value) => JSON.stringify(value)).join(', ')}]`,
    ]),
    '[parameters]',
    ...Object.entries(parameters).flatMap(([dictionary, names]) =>
      names.map((name) => `"${name}" = { dictionary = "${dictionary}", probability = 0.5 }`),
    ),
    ...streams.flatMap((operationId) => [
      '[[operations]]',
      `include-operation-id = ${JSON.stringify(operationId)}`,
      'max-stream-events = 3',
      'request-timeout = 1',
    ]),
  ];
  return `${lines.join('\n')}\n`;
}
