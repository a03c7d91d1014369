import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { OpenApiDocument } from '@streaks/shared/http/openapi/openapi-document';

const HEADER =
  '// Made by `npm run client` from the OpenAPI document of the service: change that, and run it again.\n\n';

/**
 * TypeScript types of a document: its paths, operations and schemas. The same text for the same document. By the command of
 * openapi-typescript, which needs another release of TypeScript in its process than ours.
 *
 * @throws Error with its messages when it fails.
 */
export async function generateTypes(document: OpenApiDocument): Promise<string> {
  const command = join(dirname(require.resolve('openapi-typescript/package.json')), 'bin/cli.js');
  // Whether a member may be left out is said by `required`, also where it has a default.
  const child = spawn(process.execPath, [command, '--default-non-nullable=false'], { env: { NO_COLOR: '1' } });
  const exitCode = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.end(JSON.stringify(document));
  const [types, messages] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if ((await exitCode) !== 0) throw new Error(`openapi-typescript: ${messages}`);
  return HEADER + types;
}
