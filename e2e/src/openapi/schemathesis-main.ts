import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { removeStackData } from '@streaks/local-stack/remove-stack-data';
import { addressesToEnvironment } from '@streaks/local-stack/stack-addresses';
import { errorLine } from '@streaks/local-stack/stack-error';
import { startStack } from '@streaks/local-stack/start-stack';
import { repositoryRoot } from '@streaks/testing/repository';
import type { SpawnedService } from '@streaks/testing/spawn-service';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import { startPipeline } from '@streaks/testing/start-pipeline';
import { clientOf } from '../http/client-of';
import { findPythonWith } from '../producers/foreign-clients';
import { countStatuses, describeStatuses } from './count-statuses';
import { runSchemathesis, SCHEMATHESIS, type SchemathesisResult } from './run-schemathesis';
import { writeKnown } from './write-known';

const USAGE = 'npm run test:api [-- --minutes N --seed N]';
const RESULTS = join(repositoryRoot, '.local', 'schemathesis');

/**
 * `npm run test:api`: starts the services and lets schemathesis (PyPI) make up requests from both OpenAPI documents at once
 * for `--minutes` (default 2). Servers are those of the environment, else started for the run. Exit code 0: every answer was
 * as documented and none was a 5xx, 1: some were not, 2: schemathesis cannot be installed.
 */
async function main(): Promise<number> {
  const { seconds, seed } = readOptions();
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
  }
  const python = await findPythonWith(SCHEMATHESIS);
  if ('missing' in python) {
    console.error(python.missing);
    return 2;
  }
  const dir = mkdtempSync(join(tmpdir(), 'streaks-api-'));
  const ports = { kafka: 0, registry: 0, postgres: 0, redis: 0 };
  const stack = await startStack({ dir, ports, env: process.env });
  try {
    const addresses = stackAddresses(addressesToEnvironment(stack.addresses));
    const pipeline = await startPipeline({ addresses, ingest: true, queryApi: true });
    try {
      await writeKnown(await clientOf(pipeline));
      const services = [pipeline.ingest, pipeline.queryApi].filter((service) => service !== undefined);
      console.log(`${SCHEMATHESIS}, seed ${seed}, ${seconds} s on ${services.map(({ name }) => name).join(' and ')}`);
      const results = await Promise.all(
        services.map(async (service) => {
          const folder = join(RESULTS, service.name);
          const before = await countStatuses(service.url);
          const run = { python: python.path, url: service.url, seconds, seed, folder, signal: interrupted.signal };
          const result = await runSchemathesis(run);
          // A service that died in the run has no figures; the report says so.
          const after = await countStatuses(service.url).catch(() => before);
          return report(service, result, describeStatuses(before, after));
        }),
      );
      return results.every((isGood) => isGood) ? 0 : 1;
    } finally {
      await pipeline.stop();
    }
  } finally {
    await stack.stop();
    await removeStackData(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}

function readOptions() {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '2' }, seed: { type: 'string', default: '1' } },
  });
  const seconds = Math.round(Number(values.minutes) * 60);
  const seed = Number(values.seed);
  if (!(seconds >= 1) || !Number.isSafeInteger(seed)) throw new Error(`usage: ${USAGE}`);
  return { seconds, seed };
}

/** Prints the figures of a service, and what was wrong; whether nothing was. */
function report(service: SpawnedService, result: SchemathesisResult, statuses: string): boolean {
  const { isGood, operations, requests, seconds, output } = result;
  const isRunning = service.running();
  if (!isGood) console.log(output);
  if (!isRunning) console.log(`${service.name} ended:\n${service.output()}`);
  console.log(
    `${service.name}: ${operations.tested} of ${operations.total} operations, ${requests} requests in ` +
      `${seconds.toFixed(0)} s (${statuses}), ${isGood && isRunning ? 'every answer as documented' : 'FAILED'}`,
  );
  return isGood && isRunning;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(errorLine(error));
    process.exit(1);
  },
);
