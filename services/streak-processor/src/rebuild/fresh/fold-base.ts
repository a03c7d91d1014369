import { textArray } from '@streaks/exactly-once/binary/array-parameters';
import type { DefaultTargets } from '@streaks/shared/domain/rules';
import type { ClientBase, Pool } from 'pg';
import { readLivePositions, readRebuildPositions, writeRebuildPositions } from '../schema/positions';
import { inTransaction, requireRow, setPhase } from '../schema/rebuild-schema';
import { FACT_TABLES } from '../schema/rebuilt-tables';
import { recountFresh } from './recount-fresh';
import { settleSpecials } from './settle-specials';

const PAGE_ROWS = 20_000;

const OWNERS = ['focus_sessions', 'check_ins', 'retracted_sessions', 'special_users'] as const;

// The user who owns the n-th row from here on, in whichever table it comes first.
const PAGE_END = `SELECT least(${OWNERS.map(
  (table) => `(SELECT user_id FROM ${table} WHERE user_id > $1 ORDER BY user_id OFFSET $2 LIMIT 1)`,
).join(', ')}) AS last`;

const usersIn = (range: string): string =>
  `${OWNERS.map((table) => `SELECT user_id FROM ${table} WHERE ${range}`).join(' UNION ')} ORDER BY user_id`;

const COUNT = `SELECT (SELECT count(*) FROM focus_sessions)::int + (SELECT count(*) FROM check_ins)::int AS events`;
const COUNT_OF = `
  SELECT (SELECT count(*) FROM focus_sessions WHERE user_id = ANY($1::text[]))::int
       + (SELECT count(*) FROM check_ins WHERE user_id = ANY($1::text[]))::int AS events`;

/**
 * The start of a rebuild from the stored facts: the live ones and the positions of one moment, then page by page of users what
 * follows from them. Goes on where a former run was killed. The log leads on from those positions.
 */
export async function foldBase(
  pool: Pool,
  topics: readonly string[],
  targets: DefaultTargets,
  onFolded: (events: number, total: number) => void,
): Promise<void> {
  await copyFacts(pool, topics);
  const total = requireRow((await pool.query<{ events: number }>(COUNT)).rows).events;
  for (let done = 0, hasMore = true; hasMore; ) {
    const page = await inTransaction(pool, (client) => foldPage(client, targets));
    done += page.events;
    hasMore = page.hasMore;
    onFolded(done, total);
  }
}

/** All at once or not at all. */
async function copyFacts(pool: Pool, topics: readonly string[]): Promise<void> {
  const found = await Promise.all(topics.map((topic) => readRebuildPositions(pool, topic)));
  if (found.some(({ size }) => size > 0)) return;
  await inTransaction(
    pool,
    async (client) => {
      await client.query('SET LOCAL enable_seqscan = on'); // whole tables, in the order in which they lie
      for (const topic of topics) {
        await writeRebuildPositions(client, topic, await readLivePositions(client, topic));
      }
      for (const table of FACT_TABLES) await client.query(`INSERT INTO ${table} SELECT * FROM public.${table}`);
    },
    'BEGIN ISOLATION LEVEL REPEATABLE READ',
  );
  for (const table of FACT_TABLES) await pool.query(`ANALYZE ${table}`);
}

async function foldPage(
  client: ClientBase,
  targets: DefaultTargets,
): Promise<{ readonly events: number; readonly hasMore: boolean }> {
  const run = await client.query<{ after: string }>("SELECT coalesce(folded_up_to, '') AS after FROM rebuild.run");
  const { after } = requireRow(run.rows);
  const ends = await client.query<{ last: string | null }>(PAGE_END, [after, PAGE_ROWS]);
  const last = ends.rows[0]?.last ?? null;
  const users = await (last === null
    ? client.query<{ user_id: string }>(usersIn('user_id > $1'), [after])
    : client.query<{ user_id: string }>(usersIn('user_id > $1 AND user_id <= $2'), [after, last]));
  const userIds = users.rows.map(({ user_id }) => user_id);
  await settleSpecials(client, userIds);
  await recountFresh(client, userIds, targets);
  if (last === null) await setPhase(client, 'replaying');
  else await client.query('UPDATE rebuild.run SET folded_up_to = $1', [last]);
  const counted = await client.query<{ events: number }>(COUNT_OF, [textArray(userIds)]);
  return { events: requireRow(counted.rows).events, hasMore: last !== null };
}
