import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where downloads are kept: STREAKS_CACHE_DIR, else `streaks` in the user's cache folder. */
export function resolveCacheFolder(env: NodeJS.ProcessEnv, homeFolder: string): string {
  const chosen = env['STREAKS_CACHE_DIR'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const caches = env['XDG_CACHE_HOME'];
  return join(caches === undefined || caches === '' ? join(homeFolder, '.cache') : caches, 'streaks');
}

/** True when a user who owns nothing here can reach the path: each folder above it lets others pass. */
export function isReachableByOthers(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    const mode = statSync(folder, { throwIfNoEntry: false })?.mode;
    if (mode !== undefined && (mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** A folder of ours below `shared` where another user can reach it, else below the folder for temporary files. */
export function reachableFolder(shared: string, name: string): string {
  return join(isReachableByOthers(shared) ? shared : tmpdir(), name);
}
