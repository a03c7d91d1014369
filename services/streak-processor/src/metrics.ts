import { Counter, type Registry } from 'prom-client';
import type { CommittedSessions } from './projections/streaks/create-streaks-projection';

export type ProcessorMetrics = ReturnType<typeof createProcessorMetrics>;

/** What the processor counts of streaks; the engine's own metrics (lag, batches, fences, halts) stand beside them. */
export function createProcessorMetrics(registry: Registry) {
  const registers = [registry];
  const sessions = new Counter({
    registers,
    name: 'streaks_processor_sessions_total',
    help: 'Sessions by what became of them. duplicate rising: a producer repeats itself, which is harmless. conflicting or rejected rising: look into dead_letters.',
    labelNames: ['outcome'],
  });
  const daysQualified = new Counter({
    registers,
    name: 'streaks_processor_days_qualified_total',
    help: 'Local days that reached the daily target.',
  });
  const keyMismatches = new Counter({
    registers,
    name: 'streaks_processor_key_mismatches_total',
    help: 'Records whose key is not the user of their value. Results are right all the same; the producer loses ordering and speed.',
  });
  const redisWrites = new Counter({
    registers,
    name: 'streaks_processor_redis_writes_total',
    help: 'States offered to Redis: written, or stale (refused because a newer one was there; normal after a rebalance).',
    labelNames: ['result'],
  });
  const refills = new Counter({
    registers,
    name: 'streaks_processor_redis_refills_total',
    help: 'Refills of Redis after it was found empty, by whether they were completed. Rising: Redis is being flushed or restarted empty.',
    labelNames: ['result'],
  });
  const replies = new Counter({
    registers,
    name: 'streaks_processor_replies_total',
    help: 'Answers to callers who wait for a session, by result. failed: Redis was away, those callers got 202.',
    labelNames: ['result'],
  });
  return {
    redisWrites,
    refills,
    replies,
    countCommitted({ rejected, outcome }: CommittedSessions): void {
      sessions.inc({ outcome: 'applied' }, outcome.applied);
      sessions.inc({ outcome: 'duplicate' }, outcome.duplicates);
      sessions.inc({ outcome: 'conflicting' }, outcome.conflicts);
      sessions.inc({ outcome: 'rejected' }, rejected.length - outcome.conflicts);
      daysQualified.inc(outcome.daysQualified);
      keyMismatches.inc(outcome.keyMismatches);
    },
  };
}
