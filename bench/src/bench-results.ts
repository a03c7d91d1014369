import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@streaks/testing/repository';
import type { BacklogResult } from './backlog/drain-backlog';
import type { BoardsResult } from './boards/measure-boards';
import type { Ratio } from './figures/ratio';
import type { GrowthResult } from './growth/measure-growth';
import type { SteadyResult } from './growth/measure-steady';
import type { HttpComparison } from './http/measure-http';
import type { StreamsResult } from './kafka-streams/measure-streams';
import type { LatencyResult } from './latency/measure-latency';
import type { NaiveResult } from './naive/measure-naive';
import type { PlainLoopRate } from './plain-loop/measure-plain-loop';
import type { UpdatesResult } from './sync-update/measure-updates';

/** What a run found; a section that was not run is not there. Written as JSON. */
export interface BenchResults {
  readonly startedAt: string;
  readonly node: string;
  readonly cpus: number;
  readonly cpuModel: string;
  readonly memoryGiB: number;
  /** Load average of the minute before it began: above some tenths others used the machine, and rates say little. */
  readonly loadBefore: number;
  readonly events: number;
  readonly runs: number;
  readonly prefilledSessions?: number;
  readonly settings: Readonly<Record<string, string>>;
  /** In order of the runs. */
  backlog?: readonly BacklogResult[];
  plainLoop?: PlainLoopRate;
  naive?: NaiveResult;
  streams?: StreamsResult;
  streamsSink?: StreamsResult;
  latency?: readonly LatencyResult[];
  http?: readonly HttpComparison[];
  updates?: UpdatesResult;
  boards?: BoardsResult;
  growth?: readonly GrowthResult[];
  steady?: SteadyResult;
  ratios?: readonly Ratio[];
}

export function writeResults(results: BenchResults): string {
  const folder = join(repositoryRoot, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${results.startedAt.replaceAll(':', '-')}.json`);
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  return file;
}
