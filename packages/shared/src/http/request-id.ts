import type { IncomingMessage } from 'node:http';

declare global {
  namespace Express {
    interface Request {
      /** Correlation id: taken from `X-Request-Id` when well formed, else made. Goes to logs, Kafka and history. */
      requestId: string;
    }
  }
}

/** Printable ASCII without spaces or quotes: safe in a log line, a header and a Redis channel name. */
const wellFormed = /^[A-Za-z0-9._:/+=@-]{1,128}$/;

export function requestIdOf({ headers }: IncomingMessage, newId: () => string): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && wellFormed.test(given) ? given : newId();
}
