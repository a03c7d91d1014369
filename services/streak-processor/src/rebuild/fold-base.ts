import type { Pool } from 'pg';
import { foldUsers, readFreshSessions } from './fresh-tables';
import {
  inTransaction,
  readLivePositions,
  readRebuildPositions,
  requireRow,
  setPhase,
  writeRebuildPositions,
} from './rebuild-schema';

const PAGE_SESSIONS = 20_000;

/**
 * The start of a rebuild from sessions: the live sessions and the positions of one moment, then the users folded page by
 * page. Goes on where a former run was killed. The log leads on from those positions.
 */
export async function foldBase(
  pool: Pool,
  topic: string,
  targetMs: number,
  onFolded: (sessions: number, total: number) => void,
): Promise<void> {
  const isCopied = (await readRebuildPositions(pool)).size > 0;
  if (!isCopied) {
    await inTransaction(
      pool,
      async (client) => {
        await writeRebuildPositions(client, await readLivePositions(client, topic));
        await client.query('INSERT INTO rebuild.focus_sessions SELECT * FROM public.focus_sessions');
      },
      'BEGIN ISOLATION LEVEL REPEATABLE READ',
    );
    await pool.query('ANALYZE rebuild.focus_sessions');
  }
  const { total } = requireRow(
    (await pool.query<{ total: number }>('SELECT count(*)::int AS total FROM rebuild.focus_sessions')).rows,
  );
  for (let done = 0, last: string | null = ''; last !== null; ) {
    last = await inTransaction(pool, async (client) => {
      const after = requireRow(
        (await client.query<{ after: string }>("SELECT coalesce(folded_up_to, '') AS after FROM rebuild.run")).rows,
      ).after;
      const ends = await client.query<{ last: string }>(
        'SELECT user_id AS last FROM rebuild.focus_sessions WHERE user_id > $1 ORDER BY user_id OFFSET $2 LIMIT 1',
        [after, PAGE_SESSIONS],
      );
      const end = ends.rows[0]?.last ?? null;
      const sessions = await (end === null
        ? readFreshSessions(client, 'user_id > $1', [after])
        : readFreshSessions(client, 'user_id > $1 AND user_id <= $2', [after, end]));
      await foldUsers(client, sessions, targetMs);
      if (end === null) await setPhase(client, 'replaying');
      else await client.query('UPDATE rebuild.run SET folded_up_to = $1', [end]);
      done += sessions.length;
      return end;
    });
    onFolded(done, total);
  }
}
