import { createHttpApp } from '@streaks/shared/http/create-app';
import type { Checks } from '@streaks/shared/http/health-routes';
import { createOpenApiRoutes } from '@streaks/shared/http/openapi/openapi-routes';
import '@streaks/shared/http/request-id'; // adds `requestId` to the type of a request
import type { ServicePeers } from '@streaks/shared/lifecycle/cluster/service-peers';
import type { Logger } from '@streaks/shared/observability/create-logger';
import type { Express } from 'express';
import type { Registry } from 'prom-client';
import { type CheckInRouteOptions, createCheckInHandler } from './check-ins/check-in-route';
import { createUpdateHandler } from './check-ins/update-route';
import { isNdjson, parseJson, requireJson } from './http/read-body';
import type { IngestMetrics } from './metrics';
import { ingestDocument } from './openapi';
import { createErasureHandler } from './people/erasure-route';
import { createFriendHandler } from './people/friend-routes';
import type { Publishers } from './publishing/create-publishers';
import { createBatchHandler } from './sessions/batch/batch-route';
import { createStreamHandler } from './sessions/batch/stream-route';
import { createRetractionHandler } from './sessions/retraction-route';
import { createSessionHandler, type SessionRouteOptions } from './sessions/session-route';
import { createOrganisationSettingsHandler } from './settings-changes/organisation-settings-route';
import { createUserSettingsHandler } from './settings-changes/user-settings-route';

export type IngestAppOptions = Publishers &
  Pick<SessionRouteOptions, 'replies' | 'limits' | 'queryApiUrl'> &
  Pick<CheckInRouteOptions, 'newId'> & {
    readonly logger: Logger;
    readonly registry: Registry;
    readonly metrics: IngestMetrics;
    readonly maxStreamSessions: number;
    readonly readiness: () => Promise<Checks>;
    readonly info?: Readonly<Record<string, unknown>>;
    /** The other processes of the service. */
    readonly peers?: ServicePeers | undefined;
  };

/** An event is some 300 bytes, one with a hundred pauses 5 KiB; ids of 128 four-byte characters, all escaped, still fit. */
const maxEventBytes = 16 * 1_024;
const maxBatchBytes = 2 * 1_048_576;

export function createIngestApp(options: IngestAppOptions): Express {
  return createHttpApp({
    serviceName: 'ingest',
    logger: options.logger,
    registry: options.registry,
    readiness: options.readiness,
    peers: options.peers,
    // Redis is only needed to wait for the processor: without it events are accepted all the same.
    isReady: (checks) => checks['kafka'] !== 'down' && checks['registry'] === 'up',
    liveness: () => true,
    ...(options.info === undefined ? {} : { info: options.info }),
    routes: (app) => {
      createOpenApiRoutes(app, ingestDocument);
      addSessionRoutes(app, options);
      const readJson = [requireJson('application/json'), parseJson(maxEventBytes)];
      app.post('/check-ins', ...readJson, createCheckInHandler(options));
      app.post('/api/streak/update', ...readJson, createUpdateHandler(options));
      app.put('/users/:userId/settings', ...readJson, createUserSettingsHandler(options));
      app.put('/organisations/:organisationId/settings', ...readJson, createOrganisationSettingsHandler(options));
      app.put('/users/:userId/friends/:friendId', createFriendHandler(options, true));
      app.delete('/users/:userId/friends/:friendId', createFriendHandler(options, false));
      app.delete('/users/:userId', createErasureHandler(options));
    },
  });
}

function addSessionRoutes(app: Express, options: IngestAppOptions): void {
  const acceptStream = createStreamHandler({
    ...options,
    maxSessions: options.maxStreamSessions,
    maxLineBytes: maxEventBytes,
  });
  app.post('/sessions', requireJson('application/json'), parseJson(maxEventBytes), createSessionHandler(options));
  app.post(
    '/sessions/batch',
    (request, response, next) => (isNdjson(request.headers['content-type']) ? acceptStream(request, response) : next()),
    requireJson('application/json, application/x-ndjson'),
    parseJson(maxBatchBytes),
    createBatchHandler(options),
  );
  app.delete('/sessions/:userId/:sessionId', createRetractionHandler(options));
}
