import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutation } from './mutation-table';

/** `missing`: no test of that name ran, so nothing was shown; `detail` then is the end of Jest's output. */
export type TestVerdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'missing'; readonly detail: string };

interface JestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const TIMEOUT_MS = 300_000;

/** Runs one test, by its full name, in a tree. */
export async function runNamedTest(
  root: string,
  { project, test, title }: Pick<Mutation, 'project' | 'test' | 'title'>,
  env: Readonly<Record<string, string>>,
): Promise<TestVerdict> {
  const report = join(root, 'jest-report.json');
  rmSync(report, { force: true });
  const name = `^${title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
  const options = [
    '--selectProjects',
    project,
    '--runTestsByPath',
    test,
    '-t',
    name,
    '--ci',
    '--json',
    '--outputFile',
    report,
    // A test that fails in the middle leaves connections behind, and Jest would wait for them.
    '--forceExit',
  ];
  const child = spawn(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), ...options], {
    cwd: root,
    env: { ...process.env, ...env, NODE_ENV: 'test' },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-4_000);
  });
  await once(child, 'close');
  return verdictOf(report, title, output);
}

function verdictOf(reportFile: string, title: string, output: string): TestVerdict {
  let report: JestReport;
  try {
    report = JSON.parse(readFileSync(reportFile, 'utf8')) as JestReport;
  } catch {
    return { kind: 'missing', detail: output };
  }
  const found = report.testResults.flatMap((file) => file.assertionResults).find(({ fullName }) => fullName === title);
  if (found?.status === 'passed') return { kind: 'passed' };
  if (found?.status === 'failed') return { kind: 'failed', detail: found.failureMessages[0]?.split('\n')[0] ?? '' };
  return { kind: 'missing', detail: output };
}
