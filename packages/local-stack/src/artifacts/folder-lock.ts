import { join } from 'node:path';
import { lock } from 'proper-lockfile';

/** Runs `work` while no other process does the same for this folder. A lock whose holder was killed is taken over after 10 s. */
export async function withFolderLock<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  const release = await lock(folder, {
    lockfilePath: join(folder, '.lock'),
    stale: 10_000,
    update: 2_000,
    retries: { retries: 3_000, factor: 1, minTimeout: 100, maxTimeout: 200 },
    // Losing the lock means this process stood still for 10 s; the files are renamed into place, so the work stays whole all the same.
    onCompromised: () => undefined,
  });
  try {
    return await work();
  } finally {
    await release().catch(() => undefined);
  }
}
