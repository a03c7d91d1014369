import createClient, { type Client } from 'openapi-fetch';
import type { paths as IngestPaths } from './generated/ingest-api';
import type { components, paths as QueryPaths } from './generated/query-api';

export interface StreaksClientOptions {
  /** Of ingest, such as `http://127.0.0.1:3001`. */
  readonly ingestUrl: string;
  /** Of query-api, such as `http://127.0.0.1:3002`. */
  readonly queryUrl: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the global `fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/**
 * The HTTP interfaces of Streaks with the types of their OpenAPI documents. Each method resolves to `{ data, response }`, or
 * to `{ error, response }` where the status is 400 or above; it rejects only where there was no answer.
 */
export interface StreaksClient {
  /** What is written. */
  readonly ingest: Client<IngestPaths>;
  /** What is read. */
  readonly query: Client<QueryPaths>;
}

/** Problem details, as every error of both services is answered. */
export type StreaksProblem = components['schemas']['Problem'];

/** A client of both services. */
export function createStreaksClient({ ingestUrl, queryUrl, ...options }: StreaksClientOptions): StreaksClient {
  return {
    ingest: createClient<IngestPaths>({ baseUrl: ingestUrl, ...options }),
    query: createClient<QueryPaths>({ baseUrl: queryUrl, ...options }),
  };
}
