import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '@streaks/testing/repository';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { findKcat, findPythonWithConfluentKafka } from '../producers/foreign-clients';
import { type Addresses, addressesOf, COMMAND_TIMEOUT_MS, summarise, takeStep } from './take-step';
import { findBlock, findSection, parseTour, replaceAddresses } from './tour';

const run = promisify(execFile);
const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');
const steps = parseTour(findSection(readme, 'A five-minute tour'));

/** The processes are those of `npm start`, freshly made, with the demo seeded. */
describe('the README', () => {
  let pipeline: Pipeline | undefined;
  let addresses: Addresses = {};
  let missingKcat: string | undefined;

  beforeAll(async () => {
    const kcat = await findKcat();
    if ('missing' in kcat) {
      missingKcat = kcat.missing;
      process.stdout.write(`SKIPPED the README's tour from kcat on: ${kcat.missing}\n`);
    }
    pipeline = await startPipeline({ ingest: true, queryApi: true, partitions: 12 });
    addresses = addressesOf(pipeline);
    await run(process.execPath, [join(repositoryRoot, 'services/ingest/dist/demo-main.js')], {
      env: { ...process.env, INGEST_URL: pipeline.ingest?.url, NODE_OPTIONS: '' },
      timeout: COMMAND_TIMEOUT_MS,
    });
  }, 300_000);

  afterAll(async () => {
    await pipeline?.stop();
  }, 60_000);

  it('has a tour', () => {
    expect(steps.length).toBeGreaterThan(10);
    expect(steps.filter(({ expected }) => expected !== '').length).toBeGreaterThan(10);
  });

  it.each(steps.map((step, index) => [index + 1, summarise(step), step] as const))(
    'step %i prints what it says: %s',
    async (number, _summary, step) => {
      const needsKcat = steps.slice(0, number).some(({ command }) => /\bkcat\b/.test(command));
      if (needsKcat && missingKcat !== undefined) return;
      expect(await takeStep(step, addresses)).toBe(step.expected);
    },
    60_000,
  );

  it('has a Python producer that works as it is written', async () => {
    const python = await findPythonWithConfluentKafka();
    if ('missing' in python) {
      process.stdout.write(`SKIPPED the README's Python producer: ${python.missing}\n`);
      return;
    }
    const program = replaceAddresses(findBlock(readme, 'python'), addresses);
    await run(python.path, ['-c', program], { timeout: COMMAND_TIMEOUT_MS });
    const status = `${pipeline?.queryApi?.url}/sessions/grace/py-1`;
    const answer = await waitFor(
      async () => {
        const response = await fetch(status);
        return response.ok && response.json();
      },
      { description: 'the session of the Python producer' },
    );
    expect(answer).toMatchObject({ status: 'processed', startTime: '2025-01-15T09:00:00.000Z' });
  }, 300_000);
});
