import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeStackData } from '@streaks/local-stack/remove-stack-data';
import { addressesToEnvironment } from '@streaks/local-stack/stack-addresses';
import { startStack } from '@streaks/local-stack/start-stack';
import { repositoryRoot } from '@streaks/testing/repository';
import { copyTree, type TreeCopy } from './copy-tree';
import { type Mutation, patchPath, readMutations } from './mutation-table';
import { runNamedTest } from './run-named-test';

/** `caught` is the only good one. */
type Outcome =
  | 'caught'
  | 'SURVIVED'
  /** The diff does not fit the code any more. */
  | 'STALE'
  /** The test is red, or not there, without the mutation too: it proves nothing. */
  | 'NO TEST';

/**
 * `npm run test:mutations [-- NAME...]`: applies each kept diff to a copy of the tree and expects the named test to turn red.
 * Exit code 1 when one survives, no longer applies, or has no green test to begin with.
 */
async function main(): Promise<number> {
  const wanted = process.argv.slice(2);
  const mutations = readMutations(repositoryRoot).filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const dir = mkdtempSync(join(tmpdir(), 'streaks-mutation-servers-'));
  const ports = { kafka: 0, registry: 0, postgres: 0, redis: 0 };
  const stack = await startStack({ dir, ports, env: process.env });
  const copy = copyTree(repositoryRoot);
  let bad = 0;
  try {
    const env = addressesToEnvironment(stack.addresses);
    const controls = new Map<string, boolean>();
    for (const mutation of mutations) {
      const [outcome, detail] = await judge(copy, mutation, env, controls);
      if (outcome !== 'caught') bad += 1;
      console.log(`${outcome.padEnd(8)} ${mutation.name}: ${mutation.removes}\n         ${detail}`);
    }
    console.log(`${mutations.length - bad} caught, ${bad} not`);
  } finally {
    copy.remove();
    await stack.stop();
    await removeStackData(dir);
    rmSync(dir, { recursive: true, force: true });
  }
  return bad === 0 ? 0 : 1;
}

async function judge(
  copy: TreeCopy,
  mutation: Mutation,
  env: Readonly<Record<string, string>>,
  controls: Map<string, boolean>,
): Promise<[Outcome, string]> {
  const { test, title } = mutation;
  const control = `${test} ${title}`;
  if (!controls.has(control)) {
    const verdict = await runNamedTest(copy.root, mutation, env);
    controls.set(control, verdict.kind === 'passed');
    if (verdict.kind !== 'passed') return ['NO TEST', `${test}: ${title}: ${verdict.detail}`];
  }
  if (controls.get(control) !== true) return ['NO TEST', `${test}: ${title}`];
  const patchFile = join(repositoryRoot, patchPath(mutation));
  if (!copy.apply(patchFile)) return ['STALE', `${patchPath(mutation)} does not apply`];
  try {
    const verdict = await runNamedTest(copy.root, mutation, env);
    // A tree that does not load shows nothing about the test.
    if (verdict.kind === 'missing') return ['NO TEST', `with the mutation: ${verdict.detail}`];
    return verdict.kind === 'failed' ? ['caught', `by ${title}: ${verdict.detail}`] : ['SURVIVED', `${test}: ${title}`];
  } finally {
    copy.revert(patchFile);
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
