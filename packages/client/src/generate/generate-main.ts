import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { generateTypes } from './generate-types';
import { generatedFiles } from './generated-files';

/** In the sources, also when this runs from `dist`. */
const folder = resolve(__dirname, '../../src/generated');

/** `npm run client`: writes the types of the client anew. */
async function main(): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, document] of Object.entries(generatedFiles)) {
    await writeFile(join(folder, name), await generateTypes(document()));
    process.stdout.write(`packages/client/src/generated/${name}\n`);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
