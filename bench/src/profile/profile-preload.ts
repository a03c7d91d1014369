import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

/**
 * Loaded into a service before its own code (`--cpu-prof` is refused in NODE_OPTIONS): a CPU profile from its start to its
 * exit, one file a thread, in `BENCH_PROFILE_DIR`.
 */
const { BENCH_PROFILE_DIR } = process.env;

if (BENCH_PROFILE_DIR !== undefined) {
  mkdirSync(BENCH_PROFILE_DIR, { recursive: true });
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: 500 });
  session.post('Profiler.start');
  process.on('exit', () => {
    // Answered before it returns: an exit handler cannot wait.
    session.post('Profiler.stop', (error, result) => {
      if (error !== null) return;
      const name = `${process.pid}-thread-${threadId}.cpuprofile`;
      writeFileSync(join(BENCH_PROFILE_DIR, name), JSON.stringify(result.profile));
    });
  });
}
