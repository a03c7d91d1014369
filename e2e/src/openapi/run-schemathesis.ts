import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenApiDocument } from '@streaks/shared/http/openapi/openapi-document';
import { schemathesisConfig } from './schemathesis-config';

export const SCHEMATHESIS = 'schemathesis==4.32.5';

export interface SchemathesisRun {
  /** An interpreter that has schemathesis. */
  readonly python: string;
  /** Where the service answers; its document is at `/openapi.json`. */
  readonly url: string;
  readonly seconds: number;
  readonly seed: number;
  /** Where configuration, output and report are left. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

export interface SchemathesisResult {
  /** True: no check failed, and every operation could be tried. */
  readonly isGood: boolean;
  readonly operations: { readonly total: number; readonly tested: number };
  readonly requests: number;
  readonly seconds: number;
  /** What it wrote; the faults are told there, each with a request that shows it. */
  readonly output: string;
}

/** The part that we read of the report of schemathesis. */
interface Report {
  readonly exit_code: number;
  readonly running_time: number;
  readonly operations: { readonly total: number; readonly tested: number };
  readonly test_cases: { readonly generated: number };
}

/** What each answer is judged by. */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
  'allow_header_conformance',
];

/** Runs schemathesis against one service until its time is over. Rejects where it made no report. */
export async function runSchemathesis(run: SchemathesisRun): Promise<SchemathesisResult> {
  const { python, url, seconds, seed, folder, signal } = run;
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'schemathesis.toml');
  const report = join(folder, 'report.json');
  writeFileSync(config, schemathesisConfig(await readStreams(url)));
  const args = [
    '-m',
    'schemathesis.cli',
    `--config-file=${config}`,
    'run',
    `${url}/openapi.json`,
    `--checks=${checks.join(',')}`,
    `--max-time=${seconds}`,
    `--seed=${seed}`,
    '--continue-on-failure',
    '--no-color',
    '--report=json',
    `--report-json-path=${report}`,
  ];
  const child = spawn(python, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], signal });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString('utf8')));
  }
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  const output = chunks.join('');
  writeFileSync(join(folder, 'output.txt'), output);
  return { ...readReport(report, output), output };
}

/** The operations that answer with Server-Sent Events. */
async function readStreams(url: string): Promise<readonly string[]> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument;
  return Object.values(paths)
    .flatMap((operations) => Object.values(operations))
    .filter(({ responses }) => responses['200']?.content?.['text/event-stream'] !== undefined)
    .map(({ operationId }) => operationId);
}

function readReport(file: string, output: string): Omit<SchemathesisResult, 'output'> {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new Error(`schemathesis made no report:\n${output}`);
  }
  return {
    isGood: report.exit_code === 0 && report.operations.tested === report.operations.total,
    operations: report.operations,
    requests: report.test_cases.generated,
    seconds: report.running_time,
  };
}
