import type { Pool, PoolClient } from 'pg';
import { inSnapshot } from './in-snapshot';
import { readContext, readUsers, USER_TABLES } from './read-users';
import type { StoredContext, StoredUser } from './stored-user';

/** Users that follow each other by the bytes of their id. */
export interface UserPage {
  readonly users: readonly StoredUser[];
  readonly context: StoredContext;
  /** Sessions and check-ins. */
  readonly events: number;
}

// The user who owns the n-th row from here on, in whichever table they come first: no table has more rows than that in a
// page, but for those of its last user.
const PAGE_END = `SELECT least(${USER_TABLES.map(
  (table) => `(SELECT user_id FROM ${table} WHERE user_id > $1 ORDER BY user_id OFFSET $2 LIMIT 1)`,
).join(', ')}) AS last`;

/**
 * Every user that any of the tables knows, in pages of some `pageRows` rows of each table. Each page is read in one
 * repeatable-read transaction, so the tables agree with each other also while processors write.
 */
export async function* readUserPages(pool: Pool, pageRows: number): AsyncGenerator<UserPage> {
  let after = '';
  for (;;) {
    const { page, last } = await inSnapshot(pool, (client) => readPage(client, after, pageRows));
    yield page;
    if (last === null) return;
    after = last;
  }
}

async function readPage(
  client: PoolClient,
  after: string,
  pageRows: number,
): Promise<{ readonly page: UserPage; readonly last: string | null }> {
  const ends = await client.query<{ last: string | null }>(PAGE_END, [after, pageRows]);
  const last = ends.rows[0]?.last ?? null;
  const users = await (last === null
    ? readUsers(client, 'user_id > $1', [after])
    : readUsers(client, 'user_id > $1 AND user_id <= $2', [after, last]));
  const events = users.reduce((sum, { sessions, checkIns }) => sum + sessions.length + checkIns.length, 0);
  return { page: { users, context: await readContext(client, users), events }, last };
}
