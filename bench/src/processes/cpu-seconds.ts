import { descendantsOf, readProcessTimes } from './process-tree';

/** CPU seconds by name of the process, those of all its threads and of the processes it started (Postgres' backends) in one; of the bench itself its own alone. */
export type CpuSeconds = Readonly<Record<string, number>>;

export interface CpuWatch {
  /** Since the watch began. A process that has ended by now counts 0: stop the watch before the process. */
  stop(): CpuSeconds;
}

/** USER_HZ: 100 on every Linux that Node.js runs on. */
const TICKS_A_SECOND = 100;

/**
 * CPU time stays comparable between runs while others load the machine, when seconds do not. Children that ended count with their parent,
 * so connections that came and went are in the figure of Postgres.
 */
export function watchCpu(pids: Readonly<Record<string, number>>): CpuWatch {
  const before = Object.entries(pids).map(([name, pid]) => ({ name, pid, ticks: treeTicks(pid) ?? 0 }));
  return {
    stop: () =>
      Object.fromEntries(
        before.map(({ name, pid, ticks }) => [name, Math.max(0, (treeTicks(pid) ?? ticks) - ticks) / TICKS_A_SECOND]),
      ),
  };
}

/** A watch of work that begins some time after its processes do: their start-up is not counted. */
export interface CpuWatchOfWork extends CpuWatch {
  /** Before each look at the work: the watch begins here, unless the work had begun. */
  beforeLook(): void;
  /** The look saw work done. */
  begun(): void;
}

export function watchCpuOfWork(pids: Readonly<Record<string, number>>): CpuWatchOfWork {
  let watch = watchCpu(pids);
  let hasBegun = false;
  return {
    beforeLook() {
      if (!hasBegun) watch = watchCpu(pids);
    },
    begun() {
      hasBegun = true;
    },
    stop: () => watch.stop(),
  };
}

function treeTicks(pid: number): number | undefined {
  const own = readProcessTimes(pid);
  if (own === undefined) return undefined;
  if (pid === process.pid) return own.ownTicks;
  return [pid, ...descendantsOf(pid)]
    .map(readProcessTimes)
    .reduce((sum, times) => sum + (times?.ownTicks ?? 0) + (times?.endedChildrenTicks ?? 0), 0);
}

export function totalSeconds(cpu: CpuSeconds): number {
  return Object.values(cpu).reduce((sum, seconds) => sum + seconds, 0);
}

/** Microseconds of CPU for each of `count` things done, all processes together. */
export function cpuMicrosecondsEach(cpu: CpuSeconds, count: number): number {
  return (totalSeconds(cpu) * 1_000_000) / count;
}

/** "postgres 3.1 s, processor 2.5 s": the busiest first. */
export function describeCpu(cpu: CpuSeconds): string {
  const busiest = Object.entries(cpu).sort(([, one], [, other]) => other - one);
  return busiest.map(([name, seconds]) => `${name} ${seconds.toFixed(1)} s`).join(', ') || 'not measured';
}
