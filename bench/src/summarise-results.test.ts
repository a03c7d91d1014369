import type { BacklogResult } from './backlog/drain-backlog';
import type { BenchResults } from './bench-results';
import { ratiosOf, summarise } from './summarise-results';

const run = (projectedPerSecond: number): BacklogResult => ({
  records: 1_000_000,
  secondsFromStart: 10,
  appliedPerSecond: projectedPerSecond + 10_000,
  projectedPerSecond,
  publishedPerSecond: projectedPerSecond - 10_000,
  processorPeakMiB: 300,
  cpu: { postgres: 6, processor: 4 },
});
const base: BenchResults = {
  startedAt: '2026-01-01T00:00:00.000Z',
  node: '20',
  cpus: 2,
  cpuModel: 'some',
  memoryGiB: 24,
  loadBefore: 0.1,
  events: 1_000_000,
  runs: 3,
  settings: {},
};
const sink = { eventsPerSecond: 25_000, peakMiB: 900, cpu: { streams: 20 } };
const plainLoop = { connections: 2, recordsPerTransaction: 10_000, eventsPerSecond: 75_000, cpu: {}, tried: [] };

describe('ratios of a run', () => {
  it('take the median run, and publication where it was measured', () => {
    const results = { ...base, backlog: [run(70_000), run(10_000), run(50_000)], plainLoop, streamsSink: sink };
    expect(ratiosOf(results).map(({ what, baseline, value }) => [what, baseline, value])).toEqual([
      ['backlog → applied', 'plain loop', 60_000 / 75_000],
      ['backlog → all done', 'Kafka Streams to Postgres', 40_000 / 25_000],
      ['CPU a session: theirs over ours', 'Kafka Streams to Postgres', 2],
    ]);
  });

  it('leave the peers out when ours began with full tables', () => {
    const results = { ...base, prefilledSessions: 5, backlog: [run(50_000)], plainLoop, streamsSink: sink };
    expect(ratiosOf(results).map(({ baseline }) => baseline)).toEqual(['plain loop']);
  });

  it('are none where a side is missing', () => {
    expect(ratiosOf({ ...base, backlog: [run(1)] })).toEqual([]);
  });
});

describe('the final table', () => {
  it('tells rates with the CPU of each process', () => {
    const results: BenchResults = { ...base, backlog: [run(50_000)], streamsSink: sink };
    const text = summarise({ ...results, ratios: ratiosOf(results) });
    expect(text).toContain('| … and published to Kafka | 40,000/s |  |');
    expect(text).toContain(
      '| backlog → applied in Postgres | 60,000/s | 10.0 µs a session: postgres 6.0 s, processor 4.0 s |',
    );
    expect(text).toContain('| backlog → all done | Kafka Streams to Postgres | 1.60 (asked for: 1; reached) |');
  });

  it('says when nothing was published', () => {
    const { publishedPerSecond: _, ...unpublished } = run(50_000);
    expect(summarise({ ...base, backlog: [unpublished] })).toContain(
      '| … and published to Kafka | nothing was published |',
    );
  });
});
