import type { PublisherEvents } from '@streaks/exactly-once/publish/publisher-options';
import type { Checks } from '@streaks/shared/http/health-routes';

export interface PublicationHealth {
  /** The same events, seen on their way. */
  readonly events: PublisherEvents;
  /** Degraded while a shard of this process is halted. */
  checks(): Checks;
}

/** Remembers which shards are halted and why: the others go on, so the process is no worse than degraded. */
export function watchPublication(events: PublisherEvents): PublicationHealth {
  const reasons = new Map<number, string>();
  let haltedShards = 0;
  return {
    events: {
      ...events,
      halted(shard, reason, detail) {
        reasons.set(shard, reason);
        events.halted(shard, reason, detail);
      },
      published(transaction) {
        reasons.delete(transaction.shard); // an operator has let it go on
        events.published(transaction);
      },
      state(state) {
        haltedShards = state.shards.halted;
        if (haltedShards === 0) reasons.clear();
        events.state(state);
      },
    },
    checks: () => ({
      publication: haltedShards > 0 ? 'degraded' : 'up',
      ...(haltedShards === 0
        ? {}
        : Object.fromEntries([...reasons].map(([shard, reason]) => [`shard_${shard}_${reason}`, 'degraded' as const]))),
    }),
  };
}
