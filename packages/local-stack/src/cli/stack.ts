import { join } from 'node:path';
import { addressesToEnvironment } from '../stack-addresses';
import { errorLine } from '../stack-error';
import { localDir, parseBrokers, serverPorts } from './cli-settings';
import { onInterrupt } from './interrupts';
import { killStack, launchStack } from './launch-stack';

/** `npm run stack [-- --brokers 3]`: the servers alone, until Ctrl-C. */
async function main(): Promise<void> {
  const dir = localDir(process.env);
  const startedAt = performance.now();
  const stack = await launchStack({
    dir,
    brokers: parseBrokers(process.argv.slice(2)),
    ports: serverPorts(process.env),
    env: process.env,
    onExit: (server, detail) =>
      console.error(`${server} ended by itself (${detail}); its log is in ${join(dir, 'logs')}`),
  });
  const pids = stack.pids();
  console.log(
    `Servers ${stack.isReused ? 'are running already' : `ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`}:`,
  );
  for (const [name, value] of Object.entries(addressesToEnvironment(stack.addresses)))
    console.log(`  ${name}=${value}`);
  console.log(
    `  processes: ${Object.entries(pids)
      .map(([name, pid]) => `${name} ${pid}`)
      .join(', ')}`,
  );
  if (stack.isReused) return;
  console.log(`Addresses for a shell: source ${join(dir, 'stack.env')}. Ctrl-C ends them.`);
  // Keeps the process alive; the servers themselves do not.
  const alive = setInterval(() => undefined, 60_000);
  await onInterrupt(() => {
    killStack(stack);
    process.exit(130);
  });
  console.log('Ending the servers...');
  await stack.stop();
  clearInterval(alive);
  console.log('All servers ended.');
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(errorLine(error));
    process.exit(1);
  },
);
