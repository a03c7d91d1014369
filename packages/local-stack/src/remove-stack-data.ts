import { lstatSync } from 'node:fs';
import { readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SERVER_NAMES } from './server-names';
import { StackError } from './stack-error';
import { endLeftovers, findRunningStack } from './stack-record';

/** Removes what the servers stored below `dir`; their logs stay. Refuses while they run. */
export async function removeStackData(dir: string): Promise<void> {
  const running = findRunningStack(dir);
  if (running !== null) {
    throw new StackError(
      `The servers in ${dir} are running (process ${running.owner.pid}): end them with Ctrl-C there, then run this again.`,
    );
  }
  await endLeftovers(dir);
  for (const name of SERVER_NAMES) {
    const place = join(dir, name);
    // Root keeps Postgres' data where its user can reach it, and a link in its place.
    if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      await rm(await readlink(place), { recursive: true, force: true });
    await rm(place, { recursive: true, force: true });
  }
}
