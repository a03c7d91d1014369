import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kafkajsPatchParts } from '@streaks/shared/kafka/kafkajs-checks/kafkajs-self-test';
import { repositoryRoot } from '@streaks/testing/repository';
import { patchPath, readMutations } from './mutation-table';

const mutations = readMutations(repositoryRoot);

describe('the kept mutations', () => {
  it.each(mutations.map((mutation) => [mutation.name, mutation] as const))(
    '%s changes a file and names a title that its test file has',
    (_, mutation) => {
      expect(readFileSync(join(repositoryRoot, patchPath(mutation)), 'utf8')).toMatch(/^--- a\/.+\n\+\+\+ b\/.+\n@@ /m);
      const text = readFileSync(join(repositoryRoot, mutation.test), 'utf8');
      // Titles are put together from describes and, in tables, from values: their last two words stand in the file.
      const lastWords = mutation.title.split(' ').slice(-2).join(' ');
      expect(text.includes(lastWords) || sharedSuite(mutation.test).includes(lastWords)).toBe(true);
    },
  );

  it('take away every part of the kafkajs patch', () => {
    expect(mutations.filter(({ name }) => name.startsWith('kafkajs-')).length).toBeGreaterThanOrEqual(
      kafkajsPatchParts.length,
    );
  });
});

/** The suite that an integration test shares with its in-memory fake. */
function sharedSuite(test: string): string {
  try {
    return readFileSync(join(repositoryRoot, test.replace('.integration.test.ts', '.contract.test.ts')), 'utf8');
  } catch {
    return '';
  }
}
