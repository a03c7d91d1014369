import { Counter, type Registry } from 'prom-client';
import type { CommittedEvents } from './projections/streaks/create-streaks-projection';
import type { VerdictCounts } from './projections/streaks/outcome';

export type ProcessorMetrics = ReturnType<typeof createProcessorMetrics>;

/** What the processor counts of streaks; the engine's own metrics (lag, batches, fences, halts) stand beside them. */
export function createProcessorMetrics(registry: Registry) {
  const registers = [registry];
  const sessions = new Counter({
    registers,
    name: 'streaks_processor_sessions_total',
    help: 'Sessions by what became of them. duplicate rising: a producer repeats itself, which is harmless. conflicting rising: look into dead_letters. retracted and erased: not stored, because the session had been retracted or its user erased. rejected: records of any kind that cannot be read or break a rule.',
    labelNames: ['outcome'],
  });
  const checkIns = new Counter({
    registers,
    name: 'streaks_processor_check_ins_total',
    help: 'Check-ins by what became of them, read as sessions are.',
    labelNames: ['outcome'],
  });
  const corrections = new Counter({
    registers,
    name: 'streaks_processor_corrections_total',
    help: 'Retractions, changes of settings and erasures by what became of them. erased: recorded before the erasure of its user, so it counts for nothing.',
    labelNames: ['kind', 'outcome'],
  });
  const daysQualified = new Counter({
    registers,
    name: 'streaks_processor_days_qualified_total',
    help: 'Local days that an event took over their target, of both rules.',
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
    help: 'Answers to callers who wait for an event, by result. failed: Redis was away, those callers got 202.',
    labelNames: ['result'],
  });
  return {
    redisWrites,
    refills,
    replies,
    countCommitted({ rejected, outcome }: CommittedEvents): void {
      countVerdicts(sessions, outcome.sessions);
      countVerdicts(checkIns, outcome.checkIns);
      sessions.inc({ outcome: 'rejected' }, rejected.length - outcome.sessions.conflict - outcome.checkIns.conflict);
      for (const [kind, counts] of Object.entries(outcome.corrections)) {
        for (const [verdict, count] of Object.entries(counts)) corrections.inc({ kind, outcome: verdict }, count);
      }
      daysQualified.inc(outcome.daysQualified);
      keyMismatches.inc(outcome.keyMismatches);
    },
  };
}

function countVerdicts(counter: Counter<'outcome'>, counts: VerdictCounts): void {
  counter.inc({ outcome: 'applied' }, counts.stored);
  counter.inc({ outcome: 'duplicate' }, counts.duplicate);
  counter.inc({ outcome: 'conflicting' }, counts.conflict);
  counter.inc({ outcome: 'retracted' }, counts.retracted);
  counter.inc({ outcome: 'erased' }, counts.erased);
}
