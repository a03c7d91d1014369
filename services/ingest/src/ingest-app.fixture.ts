import type { Session } from '@streaks/shared/domain/session';
import { createLogger } from '@streaks/shared/observability/create-logger';
import { Registry } from 'prom-client';
import { createIngestApp } from './create-ingest-app';
import { createIngestMetrics } from './metrics';
import type { PublishContext } from './sessions/session-publisher';
import type { SessionOutcome } from './waiting/session-outcome';

export const nowMs = Date.parse('2026-03-10T12:00:00Z');

export const goodBody = {
  sessionId: 's-1',
  userId: 'u/1',
  startTime: '2026-03-10T10:00:00.250Z',
  endTime: '2026-03-10T12:00:00+01:00',
  timezone: 'Europe/London',
} as const;

type Published = { readonly session: Session } & PublishContext;

/** The app with publishing and waiting under the test's control; time stands still at `nowMs`. */
export function createTestApp(options: { readonly maxStreamSessions?: number } = {}) {
  const published: Published[] = [];
  const registry = new Registry();
  const control: {
    /** What `publish` does with a session; accepts by default. */
    publish: (session: Session) => Promise<void>;
    /** The reply of the processor; `away` when nobody can be waited for. */
    reply: Omit<SessionOutcome, 'sessionId' | 'userId'> | 'none' | 'away';
    ready: boolean;
  } = { publish: async () => undefined, reply: 'none', ready: true };
  const waits: { timeoutMs?: number; cancelled?: boolean; publishedBefore: number }[] = [];

  const app = createIngestApp({
    logger: createLogger({ service: 'ingest', level: 'silent' }),
    registry,
    metrics: createIngestMetrics(registry, () => ({
      bufferedRecords: 3,
      bufferedBytes: 300,
      acknowledged: 10,
      rejected: 1,
      batches: 4,
      failedAttempts: 2,
      producersCreated: 2,
    })),
    queryApiUrl: 'http://query.example',
    maxStreamSessions: options.maxStreamSessions ?? 100_000,
    limits: () => ({ recordTimeMs: nowMs, maxDurationMs: 604_800_000, maxFutureMs: 300_000 }),
    readiness: async () => ({ kafka: control.ready ? 'up' : 'down', registry: 'up', redis: 'degraded' }),
    publisher: {
      async publish(session, context) {
        await control.publish(session);
        published.push({ session, ...context });
      },
    },
    replies: {
      async expect({ userId, sessionId }) {
        const { reply } = control;
        if (reply === 'away') return undefined;
        const wait: (typeof waits)[number] = { publishedBefore: published.length };
        waits.push(wait);
        return {
          channel: 'streaks:reply:1',
          async outcome(timeoutMs) {
            wait.timeoutMs = timeoutMs;
            return reply === 'none' ? undefined : { userId, sessionId, ...reply };
          },
          cancel: () => {
            wait.cancelled = true;
          },
        };
      },
      stop: () => undefined,
    },
  });
  return { app, published, control, waits };
}
