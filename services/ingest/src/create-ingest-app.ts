import { createHttpApp } from '@streaks/shared/http/create-app';
import type { Checks } from '@streaks/shared/http/health-routes';
import '@streaks/shared/http/request-id'; // adds `requestId` to the type of a request
import type { ServicePeers } from '@streaks/shared/lifecycle/cluster/service-peers';
import type { Logger } from '@streaks/shared/observability/create-logger';
import type { Express } from 'express';
import type { Registry } from 'prom-client';
import type { BatchRouteOptions } from './sessions/batch-route';
import { createBatchHandler } from './sessions/batch-route';
import { isNdjson, parseJson, requireJson } from './sessions/read-body';
import { createSessionHandler, type SessionRouteOptions } from './sessions/session-route';
import { createStreamHandler } from './sessions/stream-route';

export type IngestAppOptions = SessionRouteOptions &
  BatchRouteOptions & {
    readonly logger: Logger;
    readonly registry: Registry;
    readonly maxStreamSessions: number;
    readonly readiness: () => Promise<Checks>;
    readonly info?: Readonly<Record<string, unknown>>;
    /** The other processes of the service. */
    readonly peers?: ServicePeers | undefined;
  };

/** A session is some 300 bytes; ids of 128 four-byte characters, all escaped, still fit. */
const maxSessionBytes = 16 * 1_024;
const maxBatchBytes = 2 * 1_048_576;

export function createIngestApp(options: IngestAppOptions): Express {
  const acceptStream = createStreamHandler({
    ...options,
    maxSessions: options.maxStreamSessions,
    maxLineBytes: maxSessionBytes,
  });
  return createHttpApp({
    serviceName: 'ingest',
    logger: options.logger,
    registry: options.registry,
    readiness: options.readiness,
    peers: options.peers,
    // Redis is only needed to wait for the processor: without it sessions are accepted all the same.
    isReady: (checks) => checks['kafka'] === 'up' && checks['registry'] === 'up',
    liveness: () => true,
    ...(options.info === undefined ? {} : { info: options.info }),
    routes: (app) => {
      app.post('/sessions', requireJson('application/json'), parseJson(maxSessionBytes), createSessionHandler(options));
      app.post(
        '/sessions/batch',
        (request, response, next) =>
          isNdjson(request.headers['content-type']) ? acceptStream(request, response) : next(),
        requireJson('application/json, application/x-ndjson'),
        parseJson(maxBatchBytes),
        createBatchHandler(options),
      );
    },
  });
}
