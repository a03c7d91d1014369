import { type NumberedRows, numberAndSave, type OutboxPlaces } from '@streaks/exactly-once/apply/number-and-save';
import type { DefaultTargets } from '@streaks/shared/domain/rules';
import type { ClientBase } from 'pg';
import { lockBuckets } from '../projections/streaks/buckets/lock-buckets';
import { recountUsers } from '../projections/streaks/corrections/recount-users';
import type { StreakChange } from '../projections/streaks/streak-change';
import { deleteJob, moveCursor, type Reevaluation, readMembers, takeJob } from './jobs';
import type { OnReevaluationStep } from './reevaluation-steps';

export interface EvaluatePageOptions {
  readonly outbox: OutboxPlaces<StreakChange>;
  readonly targets: DefaultTargets;
  /** Members of one transaction: it alone holds their buckets meanwhile, and appliers wait for it. */
  readonly pageMembers: number;
  readonly onStep?: OnReevaluationStep | undefined;
}

export type EvaluatedPage =
  /** No job that nobody works. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'page'; readonly members: number; readonly rows: NumberedRows<StreakChange> };

/** A page that failed, and the job it is of: the others need not wait for it. */
export class PageFailedError extends Error {
  constructor(
    readonly jobId: string,
    cause: unknown,
  ) {
    super(`a page of reevaluation ${jobId} failed`, { cause });
    this.name = 'PageFailedError';
  }
}

/**
 * An operator's rebuild holds back whoever writes streaks by a lock of this table; appliers meet it at their progress rows. First,
 * as it is theirs: nobody who waits for it holds anything.
 */
const HONOUR_FENCE = 'LOCK TABLE partition_progress IN ROW SHARE MODE';

/**
 * One page of one job in one transaction. Locks in the order of every transaction: the job's row, buckets ascending, streaks
 * by the bytes of their key, shards ascending. An end of the process at any point leaves either the page undone or its cursor moved.
 * @throws PageFailedError, or the store's error where no job was taken; after ROLLBACK, or with the connection lost
 */
export async function evaluatePage(
  client: ClientBase,
  options: EvaluatePageOptions,
  putAside: readonly string[],
): Promise<EvaluatedPage> {
  let job: Reevaluation | undefined;
  await client.query('BEGIN');
  try {
    await client.query(HONOUR_FENCE);
    job = await takeJob(client, putAside);
    if (job === undefined) {
      await client.query('ROLLBACK');
      return { kind: 'idle' };
    }
    await options.onStep?.('J1_TAKEN');
    const page = job.isCovered ? await finish(client, job) : await writePage(client, job, options);
    const { command } = await client.query('COMMIT');
    // So the server answers a COMMIT of a failed transaction, without an error: one was swallowed, which is a bug.
    if (command !== 'COMMIT') throw new Error(`COMMIT was answered with ${command}`);
    await options.onStep?.('J5_COMMITTED');
    return page;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined); // a broken connection rolls back by itself
    throw job === undefined ? error : new PageFailedError(job.id, error);
  }
}

const NO_ROWS: NumberedRows<StreakChange> = { numbered: [], letters: [], ranges: new Map() };

async function finish(client: ClientBase, job: Reevaluation): Promise<EvaluatedPage> {
  await deleteJob(client, job);
  return { kind: 'page', members: 0, rows: NO_ROWS };
}

async function writePage(
  client: ClientBase,
  job: Reevaluation,
  { outbox, targets, pageMembers, onStep }: EvaluatePageOptions,
): Promise<EvaluatedPage> {
  const members = await readMembers(client, job, pageMembers);
  const last = members.at(-1);
  if (last === undefined) return await finish(client, job);
  await lockBuckets(client, { shared: [], exclusive: members });
  await onStep?.('J2_LOCKED');
  const changes = await recountUsers(client, members, job.cause, targets);
  await onStep?.('J3_RECOUNTED');
  const rows = await numberAndSave(client, outbox, changes, []);
  await onStep?.('J4_NUMBERED');
  if (members.length < pageMembers) await deleteJob(client, job);
  else await moveCursor(client, job, last);
  return { kind: 'page', members: members.length, rows };
}
