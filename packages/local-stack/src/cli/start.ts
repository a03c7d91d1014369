import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertPortFree } from '../processes/port-holder';
import { createLogPrinter } from '../services/log-printer';
import { runToEnd } from '../services/run-to-end';
import { listServices, serviceEnvironment } from '../services/service-list';
import { createSupervisedService, type SupervisedService } from '../services/supervised-service';
import { addressesToEnvironment } from '../stack-addresses';
import { errorLine } from '../stack-error';
import type { Stack } from '../start-stack';
import { localDir, REPOSITORY_ROOT, serverPorts } from './cli-settings';
import { onInterrupt } from './interrupts';
import { killStack, launchStack } from './launch-stack';
import { welcomeText } from './welcome';

const print = (text: string): void => console.log(text);

/** `npm start`: servers, migrations, the three services and the demo; then their logs until Ctrl-C. */
async function main(): Promise<number> {
  const env = process.env;
  const dir = localDir(env);
  const startedAt = performance.now();
  const definitions = listServices(REPOSITORY_ROOT, env);
  for (const { name, port, portVariable } of Object.values(definitions))
    await assertPortFree(port, name, `set ${portVariable}`);
  print('Starting the servers...');
  const stack = await launchStack({
    dir,
    ports: serverPorts(env),
    env,
    onExit: (server, detail) =>
      print(`${server} ended by itself (${detail}); see ${join(dir, 'logs')}, end this with Ctrl-C and start again`),
  });
  const printer = createLogPrinter((text) => process.stdout.write(text), process.stdout.isTTY === true);
  const addresses = {
    ...addressesToEnvironment(stack.addresses),
    // ingest tells its callers where to read; the ports may be others than the defaults.
    QUERY_API_URL: `http://127.0.0.1:${definitions.queryApi.port}`,
  };
  const services = Object.values(definitions).map((definition) =>
    createSupervisedService(definition, serviceEnvironment(env, addresses, definition.port), {
      onLine: printer.print,
      onNotice: print,
    }),
  );
  const interrupted = onInterrupt(() => {
    print('Ending everything at once.');
    for (const service of services) service.kill();
    killStack(stack);
    process.exit(130);
  });

  const boot = async (): Promise<void> => {
    const serverEnv = serviceEnvironment(env, addresses, 0);
    await runToEnd(
      'The migration of the database',
      join(REPOSITORY_ROOT, 'services/streak-processor/dist/migrate-main.js'),
      serverEnv,
    );
    for (const service of services) service.start();
    await Promise.all(services.map((service) => service.waitUntilReady()));
    await seedDemoOnce(dir, { ...serverEnv, INGEST_URL: `http://127.0.0.1:${definitions.ingest.port}` });
    const ports = {
      ingest: definitions.ingest.port,
      queryApi: definitions.queryApi.port,
      processor: definitions.processor.port,
    };
    print(`Ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
    print(welcomeText(stack.addresses, ports, new Date()));
    printer.showAll();
  };
  const failure = await Promise.race([boot().then(() => interrupted, errorLine), interrupted]);
  const isInterrupt = failure === 'SIGINT' || failure === 'SIGTERM' || failure === 'SIGHUP';
  if (!isInterrupt) console.error(failure);
  await endEverything(stack, services);
  return isInterrupt ? 0 : 1;
}

/** Ours first, so that no service ever sees its servers go. */
async function endEverything(stack: Stack, services: readonly SupervisedService[]): Promise<void> {
  print('Ending the services...');
  await Promise.all(services.map((service) => service.stop()));
  if (stack.isReused) return print('Services ended. The servers go on: another command runs them.');
  print('Ending the servers...');
  await stack.stop();
  print('Everything ended.');
}

/** The mark is made after success; a demo cut off half-way is repeated, which changes nothing that is there already. */
async function seedDemoOnce(dir: string, env: NodeJS.ProcessEnv): Promise<void> {
  const mark = join(dir, 'demo-seeded');
  if (existsSync(mark)) return;
  try {
    await runToEnd('The demo', join(REPOSITORY_ROOT, 'services/ingest/dist/demo-main.js'), env);
    writeFileSync(mark, '');
  } catch (error) {
    print(errorLine(error));
  }
}

main().then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    console.error(errorLine(error));
    process.exit(1);
  },
);
