import { rebuildInstallation } from '@streaks/streak-processor/rebuild/rebuild-installation';

/** A rebuild that is killed, as by kill -9, at the step named by its first argument; what else is given is its source. */
async function main([step, source]: readonly string[]): Promise<void> {
  await rebuildInstallation(process.env, {
    source: source === 'sessions' ? 'sessions' : 'log',
    onStep: (reached) => {
      if (reached === step) process.kill(process.pid, 'SIGKILL');
    },
  });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
