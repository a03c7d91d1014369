import { cpuMicrosecondsEach, describeCpu, totalSeconds, watchCpu, watchCpuOfWork } from './cpu-seconds';
import { parseProcessStat } from './process-tree';

const STAT = '1290 (postgres: a) b (c) R 31281 31281 23272 0 -1 4194304 98 0 0 0 7 3 20 30 20 0 1 0 1254758 3133440';

describe('times of a process', () => {
  it('are read past a name with spaces and brackets', () => {
    expect(parseProcessStat(STAT)).toEqual({ parentPid: 31_281, ownTicks: 10, endedChildrenTicks: 50 });
  });

  it('are undefined for a text that is none', () => {
    expect(parseProcessStat('')).toBeUndefined();
  });

  it('grow by what the process did', () => {
    const watch = watchCpu({ self: process.pid, gone: 2 ** 30 });
    const untilMs = performance.now() + 60;
    while (performance.now() < untilMs) Math.sqrt(untilMs);
    const cpu = watch.stop();
    expect(cpu['gone']).toBe(0);
    expect(cpu['self']).toBeLessThan(10);
    expect(cpu['self']).toBeGreaterThan(0);
  });
});

describe('a watch of work', () => {
  const spin = (): void => {
    const untilMs = performance.now() + 60;
    while (performance.now() < untilMs) Math.sqrt(untilMs);
  };

  it('does not count what was done before the look that saw it begin', () => {
    const watch = watchCpuOfWork({ self: process.pid });
    spin();
    watch.beforeLook();
    const other = watchCpuOfWork({ self: process.pid });
    other.begun();
    spin();
    watch.begun();
    watch.beforeLook();
    other.beforeLook();
    const [counted, sameTime] = [watch.stop()['self'] ?? 0, other.stop()['self'] ?? 0];
    expect(counted).toBeGreaterThan(0);
    expect(Math.abs(counted - sameTime)).toBeLessThan(0.03);
  });
});

describe('CPU seconds', () => {
  const cpu = { processor: 1.5, postgres: 2.5 };

  it('are summed and shared out', () => {
    expect(totalSeconds(cpu)).toBe(4);
    expect(cpuMicrosecondsEach(cpu, 1_000_000)).toBe(4);
  });

  it('are told with the busiest first', () => {
    expect(describeCpu(cpu)).toBe('postgres 2.5 s, processor 1.5 s');
    expect(describeCpu({})).toBe('not measured');
  });
});
