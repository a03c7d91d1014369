import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@streaks/testing/repository';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { type Addresses, addressesOf, summarise, takeStep } from './take-step';
import { findSection, parseTour } from './tour';

const page = readFileSync(join(repositoryRoot, 'docs/features.md'), 'utf8');
const stories = [...page.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);

/** The stories of docs/features.md, in their order: later ones go on with the users of earlier ones. */
describe('docs/features.md', () => {
  let pipeline: Pipeline | undefined;
  let addresses: Addresses = {};

  beforeAll(async () => {
    pipeline = await startPipeline({ ingest: true, queryApi: true, partitions: 12 });
    addresses = addressesOf(pipeline);
  }, 300_000);

  afterAll(async () => {
    await pipeline?.stop();
  }, 60_000);

  it('has a story for each feature', () => {
    expect(stories.length).toBeGreaterThanOrEqual(14);
  });

  describe.each(stories)('%s', (heading) => {
    const steps = parseTour(findSection(page, heading));

    it('is told with commands, each with what it prints', () => {
      expect(steps.map(({ expected }) => expected)).not.toEqual([]);
      expect(steps.map(({ expected }) => expected)).not.toContain('');
    });

    it.each(steps.map((step) => [summarise(step), step] as const))(
      '%s',
      async (_summary, step) => {
        expect(await takeStep(step, addresses)).toBe(step.expected);
      },
      60_000,
    );
  });
});
