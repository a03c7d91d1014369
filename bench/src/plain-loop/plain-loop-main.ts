import { parseArgs } from 'node:util';
import { generateDataSet, STANDARD_SHAPE } from '../data-set/generate-data-set';
import { measurePlainLoop } from './measure-plain-loop';

const TARGET_MS = 1_800_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      events: { type: 'string', default: String(STANDARD_SHAPE.events) },
      connections: { type: 'string', default: '1,2,3' },
      batch: { type: 'string', default: '5000,10000' },
      runs: { type: 'string', default: '3' },
    },
  });
  const adminUrl = process.env['DATABASE_URL'];
  if (adminUrl === undefined) throw new Error('DATABASE_URL is not set');
  const rate = await measurePlainLoop(generateDataSet({ ...STANDARD_SHAPE, events: Number(values.events) }), {
    adminUrl,
    targetMs: TARGET_MS,
    connections: values.connections.split(',').map(Number),
    recordsPerTransaction: values.batch.split(',').map(Number),
    runs: Number(values.runs),
    print: (line) => process.stdout.write(`${line}\n`),
  });
  process.stdout.write(`${JSON.stringify(rate)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`plain loop: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
