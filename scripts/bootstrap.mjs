// The one entry of every npm script. Plain Node without dependencies: it has to work before anything is installed.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runOnInstallation, runOperation } from './bootstrap/operations.mjs';
import { preparePackages } from './bootstrap/packages.mjs';
import { build, ROOT, runNode, runTool } from './bootstrap/run.mjs';
import { runTests } from './bootstrap/test.mjs';

const LOWEST_NODE = [20, 19];

/** What each command runs once packages are installed. `needsBuild`: build first what is stale, or the workspace named here alone. */
const COMMANDS = {
  start: { needsBuild: true, run: (args) => runNode('packages/local-stack/dist/cli/start.js', args) },
  stack: { needsBuild: '@streaks/local-stack', run: (args) => runNode('packages/local-stack/dist/cli/stack.js', args) },
  reset: { needsBuild: '@streaks/local-stack', run: (args) => runNode('packages/local-stack/dist/cli/reset.js', args) },
  test: { needsBuild: true, run: (args) => runTests([['unit'], ['integration', 'e2e']], args) },
  'test:unit': { needsBuild: false, run: (args) => runTests([['unit']], args) },
  'test:faults': { needsBuild: true, run: (args) => runNode('e2e/dist/fault-suite/main.js', args) },
  'test:mutations': { needsBuild: true, run: (args) => runNode('e2e/dist/mutations/main.js', args) },
  'test:api': { needsBuild: true, run: (args) => runNode('e2e/dist/openapi/schemathesis-main.js', args) },
  rebuild: {
    needsBuild: '@streaks/streak-processor',
    run: (args) => runOnInstallation('rebuild/rebuild-main.js', args),
  },
  verify: { needsBuild: '@streaks/streak-processor', run: (args) => runOnInstallation('verify/verify-main.js', args) },
  cases: { needsBuild: true, run: (args) => runNode('e2e/dist/cases/main.js', args) },
  partitions: { needsBuild: '@streaks/streak-processor', run: (args) => runOperation('partitions', args) },
  'dead-letters': { needsBuild: '@streaks/streak-processor', run: (args) => runOperation('dead-letters', args) },
  bench: { needsBuild: true, run: (args) => runNode('bench/dist/main.js', args) },
  check: { needsBuild: false, run: (args) => runTool('turbo', ['run', 'check', '--output-logs=full', ...args]) },
  build: { needsBuild: true, run: async () => 0 },
  client: { needsBuild: '@streaks/client', run: () => runNode('packages/client/dist/generate/generate-main.js', []) },
};

async function main([name = '', ...args]) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < LOWEST_NODE[0] || (major === LOWEST_NODE[0] && minor < LOWEST_NODE[1])) {
    throw new Error(`Node ${LOWEST_NODE.join('.')} or later is needed; this is ${process.versions.node}.`);
  }
  const command = COMMANDS[name];
  if (command === undefined) throw new Error(`Unknown command "${name}". Known: ${Object.keys(COMMANDS).join(', ')}.`);
  if (!existsSync(join(ROOT, 'package-lock.json')))
    throw new Error(`${ROOT} has no package-lock.json: run this in a whole checkout.`);
  await preparePackages();
  if (command.needsBuild !== false) await build(command.needsBuild === true ? undefined : command.needsBuild);
  return command.run(args);
}

main(process.argv.slice(2)).then(
  (exitCode) => process.exit(exitCode),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);
