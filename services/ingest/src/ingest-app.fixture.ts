import type { FriendshipEventToSend } from '@streaks/shared/contracts/friendship-event-codec';
import type { OrganisationEventToSend } from '@streaks/shared/contracts/organisation-event-codec';
import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import { createLogger } from '@streaks/shared/observability/create-logger';
import { checkAnswersOfApp } from '@streaks/testing/openapi/check-answers-of-app';
import { Registry } from 'prom-client';
import { createIngestApp } from './create-ingest-app';
import { createIngestMetrics } from './metrics';
import { ingestDocument } from './openapi';
import type { EventPublisher, PublishContext } from './publishing/event-publisher';
import type { EventOutcome } from './waiting/event-outcome';
import type { AwaitedEvent } from './waiting/reply-listener';

export const nowMs = Date.parse('2026-03-10T12:00:00Z');

export const goodBody = {
  sessionId: 's-1',
  userId: 'u/1',
  startTime: '2026-03-10T10:00:00.250Z',
  endTime: '2026-03-10T12:00:00+01:00',
  timezone: 'Europe/London',
} as const;

export type PublishedEvent = UserEventToSend | OrganisationEventToSend | FriendshipEventToSend;

/** Of a session; undefined of any other event. */
export function sessionIdOf(event: PublishedEvent): string | undefined {
  return event.kind === 'session' ? event.sessionId : undefined;
}

const document = ingestDocument();

type Published = { readonly event: PublishedEvent } & PublishContext;

/** The app with publishing and waiting under the test's control; time stands still at `nowMs`. */
export function createTestApp(options: { readonly maxStreamSessions?: number } = {}) {
  const published: Published[] = [];
  const registry = new Registry();
  const control: {
    /** What `publish` does with an event; accepts by default. */
    publish: (event: PublishedEvent) => Promise<void>;
    /** The reply of the processor; `away` when nobody can be waited for. */
    reply: EventOutcome | 'none' | 'away';
    ready: boolean;
  } = { publish: async () => undefined, reply: 'none', ready: true };
  const waits: { awaited: AwaitedEvent; timeoutMs?: number; cancelled?: boolean; publishedBefore: number }[] = [];
  let ids = 0;

  const publisher: EventPublisher<PublishedEvent> = {
    async publish(event, context) {
      await control.publish(event);
      published.push({ event, ...context });
    },
  };
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
    newId: () => {
      ids += 1;
      return `made-${ids}`;
    },
    users: publisher,
    organisations: publisher,
    friendships: publisher,
    replies: {
      expect(awaited) {
        const { reply } = control;
        if (reply === 'away') return undefined;
        const wait: (typeof waits)[number] = { awaited, publishedBefore: published.length };
        waits.push(wait);
        return {
          replyTo: 'streaks:reply:1#1',
          async outcome(timeoutMs) {
            wait.timeoutMs = timeoutMs;
            return reply === 'none' ? undefined : reply;
          },
          cancel: () => {
            wait.cancelled = true;
          },
        };
      },
      stop: () => undefined,
    },
  });
  return { app: checkAnswersOfApp(app, document), published, control, waits };
}
