import type { Pool, PoolClient } from 'pg';

export interface LaneConnection {
  /** The open connection, or a new one. @throws when Postgres is away */
  get(): Promise<PoolClient>;
  /** Throws the connection away: after any error its state is not to be trusted. */
  discard(): Promise<void>;
}

/**
 * One connection kept by one lane, so that its prepared statements stay. The pool's server-side statement_timeout and
 * idle_in_transaction_session_timeout bound how long a stopped process can hold its locks: a successor's claim waits for them.
 */
export function createLaneConnection(pool: Pool, onError: (error: Error) => void): LaneConnection {
  let current: PoolClient | undefined;
  const open = async (): Promise<PoolClient> => {
    const client = await pool.connect();
    client.on('error', onError); // without a listener a lost connection would end the process
    return client;
  };
  return {
    async get() {
      current ??= await open();
      return current;
    },
    async discard() {
      current?.release(true);
      current = undefined;
    },
  };
}
