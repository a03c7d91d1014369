import { type Engine, startEngine } from '@streaks/exactly-once/create-engine';
import type { UserEventDecoder } from '@streaks/shared/contracts/user-event-codec';
import type { Checks } from '@streaks/shared/http/health-routes';
import type { StreakStore } from '@streaks/shared/redis/streaks/streak-store';
import type { ProcessorMetrics } from '../metrics';
import { createStreaksProjection } from '../projections/streaks/create-streaks-projection';
import type { EventReply, StreakChange } from '../projections/streaks/streak-change';
import type { PublisherConfig } from '../publication/publisher-connections';
import { startPublication } from '../publication/start-publication';
import { createStreakSink } from '../read-model/create-streak-sink';
import { defaultTargets } from './default-targets';
import { type EngineParts, engineOptions } from './engine-parts';

export interface StreaksEngineParts extends EngineParts {
  readonly counts: ProcessorMetrics;
  readonly store: StreakStore;
  readonly generation: bigint;
  readonly decoder: UserEventDecoder;
  readonly sendReplies: (replies: readonly EventReply[]) => Promise<void>;
  /** Absent: the outbox is not published. */
  readonly publisher: PublisherConfig | undefined;
}

export interface StreaksEngine extends Engine<StreakChange> {
  publicationChecks(): Checks;
}

/** The engine with streaks as its projection, Redis as its sink and Kafka as the place of its publication. */
export function startStreaksEngine(parts: StreaksEngineParts): StreaksEngine {
  const { config, logger, counts, pool, store, generation } = parts;
  const published =
    parts.publisher &&
    startPublication({
      config: parts.publisher,
      metrics: parts.metrics,
      logger,
      writeLogLine: (line) => process.stdout.write(line),
    });
  const projection = createStreaksProjection({
    targets: defaultTargets(config),
    limits: { maxDurationMs: config.MAX_SESSION_SECONDS * 1_000, maxFutureMs: config.MAX_FUTURE_SECONDS * 1_000 },
    generation,
    decoder: parts.decoder,
    onCommitted: (committed) => {
      counts.countCommitted(committed);
      if (committed.replies.length > 0) void parts.sendReplies(committed.replies);
    },
  });
  const engine = startEngine({
    ...engineOptions(parts, { topic: config.SESSION_EVENTS_TOPIC, groupId: config.CONSUMER_GROUP_ID }),
    projection,
    sink: createStreakSink({
      store,
      pool,
      generation,
      onWritten: ({ written, stale }) => {
        counts.redisWrites.inc({ result: 'written' }, written);
        counts.redisWrites.inc({ result: 'stale' }, stale);
      },
    }),
    ...(published === undefined ? {} : { publication: published.publication }),
  });
  return { ...engine, publicationChecks: () => published?.checks() ?? {} };
}
