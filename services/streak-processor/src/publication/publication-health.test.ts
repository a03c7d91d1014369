import type { PublisherEvents, PublisherState } from '@streaks/exactly-once/publish/publisher-options';
import { watchPublication } from './publication-health';

const ignore = () => undefined;
const events: PublisherEvents = {
  published: ignore,
  failed: ignore,
  halted: ignore,
  ignoredMark: ignore,
  missingRows: ignore,
  state: ignore,
};
const state = (halted: number): PublisherState => ({
  shards: { opening: 0, 'reading-back': 0, live: 3, halted },
  backlogRows: 0,
  standsStillSeconds: 0,
  waitingBytes: 0,
});

it('is degraded, naming shard and reason, while a shard is halted', () => {
  const health = watchPublication(events);
  health.events.state(state(0));
  expect(health.checks()).toEqual({ publication: 'up' });
  health.events.halted(3, 'MARK_BEYOND_OUTBOX', 'detail');
  health.events.halted(5, 'OUTPUT_REFUSED', 'detail');
  health.events.state(state(2));
  expect(health.checks()).toEqual({
    publication: 'degraded',
    shard_3_MARK_BEYOND_OUTBOX: 'degraded',
    shard_5_OUTPUT_REFUSED: 'degraded',
  });
  health.events.published({ shard: 5, rows: 1, records: 1, bytes: 1, seconds: 0 });
  health.events.state(state(1));
  expect(health.checks()).toEqual({ publication: 'degraded', shard_3_MARK_BEYOND_OUTBOX: 'degraded' });
  health.events.state(state(0));
  expect(health.checks()).toEqual({ publication: 'up' });
});
