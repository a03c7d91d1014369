import { randomUUID } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { HelmetOptions } from 'helmet';
import { problem } from '../errors/problem';
import type { Logger } from '../observability/create-logger';
import { addHealthRoutes, type HealthOptions } from './health-routes';
import { createRequestObserver } from './observe-requests';
import { createErrorHandler, createNotFoundHandler, sendProblem } from './problem-responses';
import { requestIdOf } from './request-id';
import { addStandardHeaders, DRAINING } from './standard-headers';

export type HttpAppOptions = HealthOptions & {
  readonly logger: Logger;
  /** Adds the service's routes, directly on the app: only those are seen by the 405 answer. */
  readonly routes: (app: Express) => void;
  readonly helmetOptions?: HelmetOptions;
};

/**
 * An Express 5 app with everything the services share: security headers, correlation id, log and duration of each
 * request, health, metrics, and problem details (RFC 9457) for every error. It does not listen, so tests need no port.
 */
export function createHttpApp(options: HttpAppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  addStandardHeaders(app, options.helmetOptions);
  const observe = createRequestObserver(options.logger, options.registry);
  // One handler in front of the routes, not four: each layer of express costs more than what is done in it.
  app.use(function beginRequest(request: Request, response: Response, next: NextFunction) {
    request.requestId = requestIdOf(request, randomUUID);
    observe(request, response);
    if (app.enabled(DRAINING) && request.path !== '/health/live') return refuseWhileDraining(request, response);
    next();
  });
  options.routes(app);
  addHealthRoutes(app, options);
  app.use(createNotFoundHandler(app));
  app.use(createErrorHandler(options.logger));
  return app;
}

/** The connection was open when the service was told to stop, so its request came in all the same. Another instance answers it. */
function refuseWhileDraining(request: Request, response: Response): void {
  const headers = { 'Retry-After': '1' };
  sendProblem(response, problem({ code: 'STREAKS_SHUTTING_DOWN', headers }), request.requestId);
}
