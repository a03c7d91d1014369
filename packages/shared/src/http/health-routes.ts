import type { Express } from 'express';
import type { Registry } from 'prom-client';
import type { ServicePeers } from '../lifecycle/cluster/service-peers';
import { mergeChecks, mergeMetrics } from './merge-peers';

/** `degraded`: answers still come, by another way. */
export type CheckState = 'up' | 'down' | 'degraded';
export type Checks = Readonly<Record<string, CheckState>>;

export type HealthOptions = {
  readonly serviceName: string;
  readonly registry: Registry;
  /** State of each dependency by name. One that throws or takes over 2 s makes the service not ready. */
  readonly readiness: () => Promise<Checks>;
  /** Whether the service's own loops make progress; false asks the platform for a restart. */
  readonly liveness: () => boolean;
  /** Whether the service can do its work in this state. By default: nothing is down. */
  readonly isReady?: (checks: Checks) => boolean;
  /** Facts to show at `/health`, for example the tz database version. */
  readonly info?: Readonly<Record<string, unknown>>;
  /** The other processes of the service; health and metrics then tell of all of them. */
  readonly peers?: ServicePeers | undefined;
};

const readinessTimeoutMs = 2_000;

/** `/health`, `/health/ready` (200 or 503), `/health/live` (200 or 503) and `/metrics`. */
export function addHealthRoutes(app: Express, options: HealthOptions): void {
  const isReady = options.isReady ?? ((checks) => Object.values(checks).every((state) => state !== 'down'));

  const { peers, readiness, registry } = options;
  const ownChecks = () => withTimeout(readiness());
  peers?.answerFrom({ checks: ownChecks, metrics: () => registry.getMetricsAsJSON() });

  async function readChecks() {
    if (peers === undefined) return { checks: await ownChecks(), workers: undefined };
    const { values, expected } = await peers.ask('checks');
    return {
      checks: values.length === 0 ? undefined : mergeChecks(values as readonly Checks[]),
      workers: { answering: values.length, expected },
    };
  }

  app.get(['/health', '/health/ready'], async (_request, response) => {
    const { checks, workers } = await readChecks();
    const ready = checks !== undefined && isReady(checks);
    response
      .status(ready ? 200 : 503)
      .setHeader('Cache-Control', 'no-store')
      .json({
        status: ready ? 'up' : 'down',
        service: options.serviceName,
        checks: checks ?? {},
        ...(workers === undefined ? {} : { workers }),
        ...options.info,
      });
  });
  app.get('/health/live', (_request, response) => {
    const alive = options.liveness();
    response.status(alive ? 200 : 503).json({ status: alive ? 'up' : 'down', service: options.serviceName });
  });
  app.get('/metrics', async (_request, response) => {
    const text =
      peers === undefined ? await registry.metrics() : await mergeMetrics((await peers.ask('metrics')).values);
    response.setHeader('Content-Type', registry.contentType);
    response.end(text);
  });
}

async function withTimeout(checks: Promise<Checks>): Promise<Checks | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), readinessTimeoutMs);
  });
  try {
    return await Promise.race([checks.catch(() => undefined), expired]);
  } finally {
    clearTimeout(timer);
  }
}
