import type { SpawnedService } from '@streaks/testing/spawn-service';
import { waitFor } from '@streaks/testing/wait-for';
import { readMetric } from '../../http/read-metric';
import type { Scenario } from '../scenario';
import { expectSameProcesses } from './brokers';

const SAMPLE_EVERY_MS = 5_000;
const RECORDS_PER_SECOND = 400;
const MIB = 1_048_576;
/** Part of the samples, at the beginning, in which caches fill and code is compiled. */
const WARM_UP = 0.3;
/** What the lowest values of the last third may be above those of the first after the warm-up. */
const MOST_GROWTH = { share: 0.1, bytes: 16 * MIB };

interface Sample {
  readonly heap: number;
  readonly rss: number;
  readonly lag: number;
}

export const soak: Scenario = {
  name: 'soak',
  about: 'steady load for minutes: heap and memory stay flat, the lag ends at 0',
  run: async ({ openStage, minutes, print }) => {
    const stage = await openStage({ processors: 1 });
    const [processor] = stage.processors;
    if (processor === undefined) throw new Error('no processor');
    const durationMs = minutes * 60_000;
    const load = stage.startLoad({
      records: Math.round((RECORDS_PER_SECOND * durationMs) / 1_000),
      users: 5_000,
      durationMs,
    });
    const samples: Sample[] = [];
    const endsMs = performance.now() + durationMs;
    let nextMs = performance.now();
    await waitFor(
      async () => {
        if (performance.now() >= nextMs) {
          nextMs += SAMPLE_EVERY_MS;
          samples.push(await takeSample(processor));
        }
        return performance.now() >= endsMs;
      },
      { description: 'the soak to end', timeoutMs: durationMs + 60_000, intervalMs: 250 },
    );
    print(`  ${load.sent()} records sent in ${minutes} minutes, ${samples.length} samples`);
    await stage.recover('the last record');
    const faults = [
      growth('heap', samples, (sample) => sample.heap, print),
      growth('rss', samples, (sample) => sample.rss, print),
    ];
    const lags = samples.map(({ lag }) => lag).sort((a, b) => a - b);
    print(`  lag in records: median ${lags[Math.floor(lags.length / 2)]}, most ${lags.at(-1)}`);
    await waitFor(async () => (await readMetric(processor, 'streaks_processor_lag_records')) === 0, {
      description: 'the lag to be 0',
      timeoutMs: 10_000,
    });
    await stage.finish();
    expectSameProcesses(stage, 1);
    if (faults.some((fault) => fault !== undefined)) throw new Error(faults.filter(Boolean).join('; '));
  },
};

async function takeSample(processor: SpawnedService): Promise<Sample> {
  const read = async (name: string): Promise<number> => (await readMetric(processor, name)) ?? 0;
  return {
    heap: await read('nodejs_heap_size_used_bytes'),
    rss: await read('process_resident_memory_bytes'),
    lag: await read('streaks_processor_lag_records'),
  };
}

/** Compares low points, as what was not collected yet is no leak: the lowest tenth of the first and of the last third after the warm-up. */
function growth(
  name: string,
  samples: readonly Sample[],
  read: (sample: Sample) => number,
  print: (line: string) => void,
): string | undefined {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP)).map(read);
  const third = Math.ceil(warm.length / 3);
  const [first, last] = [low(warm.slice(0, third)), low(warm.slice(-third))];
  const text = `${name}: ${(first / MIB).toFixed(1)} MiB, at the end ${(last / MIB).toFixed(1)} MiB`;
  print(`  ${text}`);
  return last - first > MOST_GROWTH.bytes && last > first * (1 + MOST_GROWTH.share) ? `${text}: it grows` : undefined;
}

function low(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 10)] ?? 0;
}
