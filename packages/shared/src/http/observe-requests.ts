import type { Request, Response } from 'express';
import { Histogram, type Registry } from 'prom-client';
import type { Logger } from '../observability/create-logger';

/** Routes that machines poll; logging them would bury the rest. */
const quietPaths = /^\/(health(\/.*)?|metrics)$/;
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export type RequestObserver = (request: Request, response: Response) => void;

type Observe = (seconds: number) => void;

/** Times every answer by route pattern (never by path, which is unbounded) and logs it: 500 as error, other 5xx as warning, 4xx as info, the rest as debug. */
export function createRequestObserver(logger: Logger, registry: Registry): RequestObserver {
  const durations = new Histogram({
    name: 'streaks_http_request_duration_seconds',
    help: 'Seconds from request to the end of the answer, by route pattern. A rising p99 of one route points at the store behind it; count by status for the error rate.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  // As many as there are routes, methods and statuses: looking labels up anew costs more than counting.
  const observers = new Map<string, Map<string, Map<number, Observe>>>();

  function observerOf(method: string, route: string, status: number): Observe {
    const byStatus = nested(nested(observers, route), method);
    let observe = byStatus.get(status);
    if (observe === undefined) {
      const labelled = durations.labels({ method, route, status });
      observe = (seconds) => labelled.observe(seconds);
      byStatus.set(status, observe);
    }
    return observe;
  }

  return function observeRequest(request, response) {
    const startedMs = performance.now();
    response.on('close', () => {
      const seconds = (performance.now() - startedMs) / 1000;
      const status = response.writableFinished ? response.statusCode : 499;
      const method = knownMethods.has(request.method) ? request.method : 'other';
      observerOf(method, routePattern(request), status)(seconds);
      logRequest(logger, request, response, status, seconds);
    });
  };
}

function nested<Key, Inner>(outer: Map<string, Map<Key, Inner>>, name: string): Map<Key, Inner> {
  let inner = outer.get(name);
  if (inner === undefined) {
    inner = new Map();
    outer.set(name, inner);
  }
  return inner;
}

function logRequest(logger: Logger, request: Request, response: Response, status: number, seconds: number): void {
  const level = status === 500 ? 'error' : status > 500 ? 'warn' : status >= 400 ? 'info' : 'debug';
  if (!logger.isLevelEnabled(level)) return;
  const path = request.originalUrl.split('?', 1)[0] ?? '';
  if (quietPaths.test(path)) return;
  const code: unknown = response.locals['problemCode'];
  logger[level](
    {
      requestId: request.requestId,
      method: request.method,
      path,
      status,
      seconds,
      ...(code === undefined ? {} : { code }),
    },
    'http_request',
  );
}

function routePattern(request: Request): string {
  const { path } = (request.route ?? {}) as { readonly path?: unknown };
  const pattern: unknown = Array.isArray(path) ? path[0] : path;
  return typeof pattern === 'string' ? `${request.baseUrl}${pattern}` : 'unmatched';
}
