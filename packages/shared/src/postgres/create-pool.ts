import { Pool } from 'pg';

export type PoolOptions = {
  readonly url: string;
  /** `application_name`, so that pg_stat_activity says whose connection it is. */
  readonly name: string;
  /** Most connections at once. */
  readonly max: number;
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  readonly idleInTransactionTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** Role every connection takes on, for example `streaks_reader`. */
  readonly role?: string;
  /** More session settings, for example `{ jit: 'off' }`. */
  readonly sessionSettings?: Readonly<Record<string, string>>;
  /** Called when an idle connection fails. Without a listener such a failure would end the process. */
  readonly onIdleError: (error: Error) => void;
};

const UNHEARD_MS = 5_000;

/** A Postgres pool that connects lazily, survives a restart of the server and names itself to it. */
export function createPool(options: PoolOptions): Pool {
  const session = { ...(options.role === undefined ? {} : { role: options.role }), ...options.sessionSettings };
  const startup = Object.entries(session).map(([name, value]) => `-c ${name}=${escapeOption(value)}`);
  const pool = new Pool({
    connectionString: options.url,
    application_name: options.name,
    max: options.max,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    keepAlive: true,
    ...(options.statementTimeoutMs === undefined
      ? {}
      : {
          statement_timeout: options.statementTimeoutMs,
          // A server that cannot be heard does not tell of its timeout.
          query_timeout: options.statementTimeoutMs + UNHEARD_MS,
        }),
    ...(options.lockTimeoutMs === undefined ? {} : { lock_timeout: options.lockTimeoutMs }),
    ...(options.idleInTransactionTimeoutMs === undefined
      ? {}
      : { idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs }),
    ...(startup.length === 0 ? {} : { options: startup.join(' ') }),
  });
  pool.on('error', options.onIdleError);
  return pool;
}

/** In the startup `options` string a space ends the value unless a backslash stands before it. */
function escapeOption(value: string): string {
  return value.replace(/[\\ ]/g, (character) => `\\${character}`);
}
