import { types } from 'node:util';

/**
 * What a failed statement asks for:
 * `retry-now` the same transaction again after a jitter; `unavailable` wait for the server, then again;
 * `data` the rows themselves are refused and would be again; `bug` nothing here can put it right.
 */
export type StoreErrorClass = 'retry-now' | 'unavailable' | 'data' | 'bug';

/** SQLSTATE to class; the longest matching prefix wins, so an exact code stands before its family. */
const classBySqlState: Readonly<Record<string, StoreErrorClass>> = {
  '40P01': 'retry-now', // deadlock
  '40001': 'retry-now', // serialization failure
  '23505': 'retry-now', // another owner inserted the same key first
  '55P03': 'unavailable', // lock not available
  '57014': 'unavailable', // statement timeout
  '25P03': 'unavailable', // idle in transaction timeout
  '25006': 'unavailable', // read-only: the primary moved
  '08': 'unavailable',
  '57P': 'unavailable',
  '53': 'unavailable',
  '58': 'unavailable',
  '22': 'data',
  '23': 'data',
  '54': 'data',
};

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** pg reports a lost or refused connection by message alone. */
const connectionMessages =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|connection is not queryable|Client was closed|Query read timeout/i;

export function classifyStoreError(error: unknown): StoreErrorClass {
  if (!isError(error)) return 'bug';
  if (error instanceof AggregateError && error.errors.length > 0) return classifyStoreError(error.errors[0]);
  const code = sqlStateOf(error);
  if (code !== undefined) {
    if (networkCodes.has(code)) return 'unavailable';
    for (const length of [5, 3, 2]) {
      const found = classBySqlState[code.slice(0, length)];
      if (found !== undefined) return found;
    }
  }
  return connectionMessages.test(error.message) ? 'unavailable' : 'bug';
}

/** The SQLSTATE or the network error code of an error, when it has one. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!isError(error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** `instanceof` does not know errors that Node.js made in another realm, as under Jest. */
function isError(error: unknown): error is Error {
  return types.isNativeError(error) || error instanceof Error;
}
