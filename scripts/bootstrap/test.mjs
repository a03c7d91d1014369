import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT, runTool } from './run.mjs';

/**
 * Runs Jest once for each group of projects and ends with the line "N passed, N failed, N skipped" over all of them, after the names of what
 * was skipped. A test file that could not run at all counts as one failure.
 */
export async function runTests(groups, args) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const skippedNames = [];
  let exitCode = 0;
  for (const projects of groups) {
    const result = await runJest(projects, args);
    if (result.exitCode >= 128) return result.exitCode;
    exitCode ||= result.exitCode;
    for (const key of Object.keys(total)) total[key] += result[key];
    skippedNames.push(...result.skippedNames);
  }
  for (const name of skippedNames) console.log(`skipped: ${name}`);
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 ? 1 : exitCode;
}

/** Unit tests take every core; those on servers share the machine with the servers. */
const workersFor = (projects) => (projects.includes('unit') ? ['--maxWorkers=100%'] : []);

async function runJest(projects, args) {
  const folder = join(ROOT, '.local');
  mkdirSync(folder, { recursive: true });
  const report = join(folder, `test-report-${process.pid}.json`);
  // A path given by hand may match tests of one group only.
  const lenient = args.length > 0 ? ['--passWithNoTests'] : [];
  const exitCode = await runTool(
    'jest',
    ['--selectProjects', ...projects, ...workersFor(projects), '--json', `--outputFile=${report}`, ...lenient, ...args],
    {
      env: { NODE_ENV: 'test' },
    },
  );
  if (!existsSync(report)) return { exitCode: exitCode || 1, passed: 0, failed: 1, skipped: 0, skippedNames: [] };
  const results = JSON.parse(readFileSync(report, 'utf8'));
  rmSync(report);
  return {
    exitCode,
    passed: results.numPassedTests,
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
    skipped: results.numPendingTests + results.numTodoTests,
    skippedNames: results.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'pending' || status === 'todo')
        .map(({ fullName }) => `${relative(ROOT, name)}: ${fullName}`),
    ),
  };
}
