import type { StackAddresses } from '../stack-addresses';

export type ServicePorts = { readonly ingest: number; readonly queryApi: number; readonly processor: number };

/** What `npm start` prints once everything is up: addresses and three commands. `now` makes the session of the example a fresh one. */
export function welcomeText(addresses: StackAddresses, ports: ServicePorts, now: Date): string {
  const url = (port: number): string => `http://127.0.0.1:${port}`;
  const rows = [
    ['ingest', url(ports.ingest), 'POST /sessions; API: /api/docs'],
    ['query-api', url(ports.queryApi), 'GET /users/{id}/streak; API: /api/docs'],
    ['streak-processor', url(ports.processor), 'GET /health, /metrics'],
    ['Kafka', addresses.kafkaBrokers, 'topic session-events'],
    ['schema registry', addresses.schemaRegistryUrl, ''],
    ['Postgres', addresses.databaseUrl, ''],
    ['Redis', addresses.redisUrl, ''],
  ] as const;
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column as 0 | 1].length)));
  const table = rows.map(([name, address, note]) =>
    `  ${name.padEnd(widths[0] ?? 0)}  ${address.padEnd(widths[1] ?? 0)}  ${note}`.trimEnd(),
  );
  const session = JSON.stringify({
    sessionId: `try-${now.getTime()}`,
    userId: 'you',
    startTime: new Date(now.getTime() - 45 * 60_000).toISOString(),
    endTime: now.toISOString(),
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  const commands = [
    `curl -X POST ${url(ports.ingest)}/sessions -H 'content-type: application/json' -d '${session}'`,
    `curl ${url(ports.queryApi)}/users/you/streak`,
    `curl ${url(ports.queryApi)}/users/you/daily-totals`,
  ];
  return [
    '',
    ...table,
    '',
    'Try:',
    ...commands.map((command) => `  ${command}`),
    'More: docs/features.md has a story for each feature.',
    '',
    'Ctrl-C ends everything; the data stays until npm run reset.',
    '',
  ].join('\n');
}
