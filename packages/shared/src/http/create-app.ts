import express, { type Express } from 'express';
import helmet, { type HelmetOptions } from 'helmet';
import type { Logger } from '../observability/create-logger';
import { addHealthRoutes, type HealthOptions } from './health-routes';
import { createRequestObserver } from './observe-requests';
import { createErrorHandler, createNotFoundHandler } from './problem-responses';
import { createRequestIdHandler } from './request-id';

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
  app.use(createRequestIdHandler());
  app.use(createRequestObserver(options.logger, options.registry));
  app.use(helmet(options.helmetOptions));
  options.routes(app);
  addHealthRoutes(app, options);
  app.use(createNotFoundHandler(app));
  app.use(createErrorHandler(options.logger));
  return app;
}
