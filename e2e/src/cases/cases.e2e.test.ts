import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@streaks/testing/repository';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import { parseCases } from './parse-cases';
import { type CaseResult, runCases } from './run-cases';

const cases = parseCases(readFileSync(join(repositoryRoot, 'packages/shared/cases/streak-cases.jsonl'), 'utf8'));

describe('the worked examples over HTTP', () => {
  let results: readonly CaseResult[] = [];

  beforeAll(async () => {
    results = await runCases(cases, { addresses: stackAddresses() });
  }, 180_000);

  it('are 37', () => {
    expect(results).toHaveLength(37);
  });

  it.each(cases.map(({ name }) => name))('%s', (name) => {
    expect(results.find((result) => result.name === name)).toEqual({ name, faults: [] });
  });
});
