import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeStackData } from '@streaks/local-stack/remove-stack-data';
import { addressesToEnvironment } from '@streaks/local-stack/stack-addresses';
import { errorLine } from '@streaks/local-stack/stack-error';
import { startStack } from '@streaks/local-stack/start-stack';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import { CaseFileError, parseCases, type StreakCase } from './parse-cases';
import { type CaseResult, runCases } from './run-cases';

/**
 * `npm run cases -- FILE`: plays a file of cases (JSON Lines, as `packages/shared/cases/streak-cases.jsonl`) through the
 * services. Servers are those of the environment, else started for the run. Exit code 0: all passed, 1: some did not,
 * 2: the file cannot be read.
 */
async function main(): Promise<number> {
  const [file, ...rest] = process.argv.slice(2);
  if (file === undefined || rest.length > 0) {
    console.error('usage: npm run cases -- FILE');
    return 2;
  }
  const cases = readCases(file);
  if (cases === undefined) return 2;
  const dir = mkdtempSync(join(tmpdir(), 'streaks-cases-'));
  const ports = { kafka: 0, registry: 0, postgres: 0, redis: 0 };
  const stack = await startStack({ dir, ports, env: process.env });
  try {
    const addresses = stackAddresses(addressesToEnvironment(stack.addresses));
    const results = await runCases(cases, { addresses, onResult: report });
    const failed = results.filter(({ faults }) => faults.length > 0).length;
    console.log(`${results.length - failed} passed, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  } finally {
    await stack.stop();
    await removeStackData(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}

function readCases(file: string): readonly StreakCase[] | undefined {
  try {
    return parseCases(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof CaseFileError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    console.error(`${file}: ${(error as Error).message}`);
    return undefined;
  }
}

function report({ name, faults }: CaseResult): void {
  if (faults.length > 0) console.log(`FAILED ${name}: ${faults.join('; ')}`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(errorLine(error));
    process.exit(1);
  },
);
