import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The root of the repository: the nearest folder above with `turbo.json`, from source and from `dist` alike. */
export const repositoryRoot: string = (() => {
  for (let folder = __dirname; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'turbo.json'))) return folder;
  }
  throw new Error(`no repository root above ${__dirname}`);
})();
