import type { Pool, QueryResultRow } from 'pg';
import type { StoreCircuit } from '../store-circuit';

/** Runs a statement under its name, prepared once per connection. Rejects with `StoreUnavailable` while Postgres is away. */
export type PostgresQuery = <Row extends QueryResultRow>(
  name: string,
  text: string,
  values: readonly unknown[],
) => Promise<Row[]>;

export interface PostgresQueryOptions {
  readonly pool: Pool;
  readonly circuit: StoreCircuit;
  /** A query without an answer after this long is given up and its connection closed. */
  readonly timeoutMs: number;
}

export function createPostgresQuery({ pool, circuit, timeoutMs }: PostgresQueryOptions): PostgresQuery {
  return function query<Row extends QueryResultRow>(name: string, text: string, values: readonly unknown[]) {
    const statement = { name, text, values: [...values], query_timeout: timeoutMs };
    return circuit.run(async () => (await pool.query<Row>(statement)).rows);
  };
}

// Dates, 64-bit numbers and instants are read as text, days since 1970 or epoch milliseconds: the driver's own types would
// bring the time zone of this process in.

/** A date column as days since 1970-01-01. */
export function dayColumn(column: string): string {
  return `${column} - DATE '1970-01-01'`;
}

/** An instant column as epoch milliseconds, in text. */
export function instantColumn(column: string): string {
  return `floor(extract(epoch FROM ${column}) * 1000)::bigint::text`;
}
