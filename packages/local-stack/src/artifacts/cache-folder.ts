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

/** The first of our folders that another user can reach: root keeps its own home closed. */
export function reachableFolder(preferred: string, shared: string, name: string): string {
  if (isReachableByOthers(preferred)) return preferred;
  return isReachableByOthers(shared) ? join(shared, name) : join(tmpdir(), name);
}
