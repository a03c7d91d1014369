import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';

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

export function createRequestIdHandler(newId: () => string = randomUUID): RequestHandler {
  return function assignRequestId(request, response, next) {
    const given = request.headers['x-request-id'];
    request.requestId = typeof given === 'string' && wellFormed.test(given) ? given : newId();
    response.setHeader('X-Request-Id', request.requestId);
    next();
  };
}
