import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';

/** From src and from dist alike. */
export const MIGRATIONS_FOLDER = join(__dirname, '..', 'migrations');
/** How many months beyond the current one always have their partition of `streak_history`. */
export const HISTORY_MONTHS_AHEAD = 3;

const RETRY_AFTER_MS = 250;
/** The server is not there yet, or says that it is starting up or shutting down. */
const NOT_READY_YET = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EAI_AGAIN', '57P03', '57P01', '57P02']);

export interface MigrateOptions {
  readonly databaseUrl: string;
  /** How long to wait for a server that does not answer yet. */
  readonly waitMs: number;
  /** One line per thing done. */
  readonly print: (line: string) => void;
}

/**
 * Brings the database to the newest schema and makes the next months' partitions. Safe when several processes do it at
 * once: they queue on an advisory lock and the later ones find nothing to do. All pending migrations are one transaction.
 * @throws the connection's error once `waitMs` have passed, at once if waiting cannot help (a wrong password)
 */
export async function migrate({ databaseUrl, waitMs, print }: MigrateOptions): Promise<void> {
  const client = await connectWithin(databaseUrl, waitMs);
  try {
    const { runner } = await import('node-pg-migrate');
    const done = await runner({
      dbClient: client,
      dir: MIGRATIONS_FOLDER,
      migrationsTable: 'schema_migrations',
      direction: 'up',
      singleTransaction: true,
      advisoryLockMode: 'wait',
      logger: { info: () => undefined, warn: print, error: print },
    });
    for (const { name } of done) print(`migrated ${name}`);
    for (const name of await createHistoryPartitions(client, HISTORY_MONTHS_AHEAD)) print(`created partition ${name}`);
  } finally {
    await client.end();
  }
}

/** Makes sure that this month and the next ones have their partition of `streak_history`; returns the new ones' names. */
export async function createHistoryPartitions(
  client: Pick<Client, 'query'>,
  monthsAhead: number,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT create_streak_history_partitions($1) AS name', [
    monthsAhead,
  ]);
  return rows.map(({ name }) => name);
}

async function connectWithin(databaseUrl: string, waitMs: number): Promise<Client> {
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    // A client that failed to connect cannot be used again.
    const client = new Client({
      connectionString: databaseUrl,
      application_name: 'streaks-migrate',
      connectionTimeoutMillis: Math.max(1_000, waitMs),
    });
    client.on('error', () => undefined); // the query under way rejects with it
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (!canBeWaitedFor(error) || performance.now() + RETRY_AFTER_MS > deadlineMs) throw error;
    }
    await delay(RETRY_AFTER_MS);
  }
}

function canBeWaitedFor(error: unknown): boolean {
  // Several addresses of one name that all refuse come as an AggregateError, which has a code too.
  const { code, message } = error as { code?: string; message?: string };
  return (code !== undefined && NOT_READY_YET.has(code)) || message === 'Connection terminated unexpectedly';
}
