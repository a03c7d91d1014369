import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateTypes } from './generate-types';
import { generatedFiles } from './generated-files';

describe('the generated types', () => {
  it.each(Object.entries(generatedFiles))(
    '%s are those of the document: else `npm run client`',
    async (name, document) => {
      const committed = readFileSync(join(__dirname, '../generated', name), 'utf8');
      expect(committed).toBe(await generateTypes(document()));
    },
    // A process of its own for each, on a machine that may be busy.
    60_000,
  );
});
