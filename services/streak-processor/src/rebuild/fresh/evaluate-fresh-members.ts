import type { DefaultTargets } from '@streaks/shared/domain/rules';
import type { ClientBase } from 'pg';
import { recountUsers } from '../../projections/streaks/corrections/recount-users';
import { deleteJob, moveCursor, readMembers, takeJob } from '../../reevaluation/jobs';

const PAGE_MEMBERS = 500;

/**
 * Recounts the members of organisations whose settings the replay changed: the jobs that the projection of organisations left in
 * the fresh schema. In transactions of its own, a page each, or (`isOpen`) in the caller's.
 */
export async function evaluateFreshMembers(
  client: ClientBase,
  targets: DefaultTargets,
  { isOpen }: { readonly isOpen: boolean },
): Promise<void> {
  for (let hasMore = true; hasMore; ) {
    if (!isOpen) await client.query('BEGIN');
    hasMore = await evaluatePage(client, targets);
    if (!isOpen) await client.query('COMMIT');
  }
}

async function evaluatePage(client: ClientBase, targets: DefaultTargets): Promise<boolean> {
  const job = await takeJob(client, []);
  if (job === undefined) return false;
  const members = job.isCovered ? [] : await readMembers(client, job, PAGE_MEMBERS);
  const last = members.at(-1);
  if (last === undefined) {
    await deleteJob(client, job);
    return true;
  }
  await recountUsers(client, members, job.cause, targets);
  await moveCursor(client, job, last);
  return true;
}
