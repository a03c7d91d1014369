import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The arguments with which Node.js runs a built service: those of its `package.json` (`nodeArguments`: the bounds of its
 * memory among them), then its script.
 */
export function serviceCommand(root: string, name: string): readonly string[] {
  const folder = join(root, 'services', name);
  const { nodeArguments = [] } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    nodeArguments?: readonly string[];
  };
  return [...nodeArguments, join(folder, 'dist', 'main.js')];
}
