import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A change that makes the product unsafe, and the test that must notice it. */
export interface Mutation {
  /** Name of the diff: `mutations/<name>.patch`. */
  readonly name: string;
  /** What is taken away, in a few words. */
  readonly removes: string;
  /** Jest project of the test. */
  readonly project: 'unit' | 'integration' | 'e2e';
  /** Path of the test file in the repository. */
  readonly test: string;
  /** Full name of the test: its describes and its title, joined by spaces. */
  readonly title: string;
}

const FIELDS = ['name', 'removes', 'project', 'test', 'title'] as const;

/** Reads `mutations/mutations.json`. Throws for an entry that lacks a field, a diff or its test file. */
export function readMutations(root: string): readonly Mutation[] {
  const mutations = JSON.parse(readFileSync(join(root, 'mutations', 'mutations.json'), 'utf8')) as readonly Mutation[];
  for (const mutation of mutations) {
    const missing = FIELDS.filter((field) => typeof mutation[field] !== 'string');
    if (missing.length > 0) throw new Error(`mutations.json: ${JSON.stringify(mutation)} lacks ${missing.join(', ')}`);
    for (const path of [patchPath(mutation), mutation.test]) {
      if (!existsSync(join(root, path))) throw new Error(`mutations.json: ${mutation.name}: there is no ${path}`);
    }
  }
  return mutations;
}

export function patchPath({ name }: Pick<Mutation, 'name'>): string {
  return join('mutations', `${name}.patch`);
}
