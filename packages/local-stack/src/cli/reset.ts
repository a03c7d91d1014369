import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeStackData } from '../remove-stack-data';
import { errorLine } from '../stack-error';
import { localDir } from './cli-settings';

/** `npm run reset`: removes all data of the local stack, so that the next start begins with nothing. */
async function main(): Promise<void> {
  const dir = localDir(process.env);
  await removeStackData(dir);
  rmSync(join(dir, 'demo-seeded'), { force: true });
  console.log(`The data in ${dir} is removed.`);
}

main().catch((error: unknown) => {
  console.error(errorLine(error));
  process.exit(1);
});
