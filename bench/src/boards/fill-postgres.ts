import { toBoardEntry } from '@streaks/shared/redis/boards/board-entry';
import type { StreakWrite } from '@streaks/shared/redis/streaks/streak-store';
import type { Pool } from 'pg';

const INSERT = `INSERT INTO board_places
  SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[], $6::timestamptz[], $7::timestamptz[])`;

/** The places that the processor would have written of these states; then what autovacuum would do in time. */
export async function fillPostgres(pool: Pool, pages: Iterable<readonly StreakWrite[]>): Promise<void> {
  for (const page of pages) {
    const placed = page.flatMap(({ userId, ruleId, state }) => {
      const entry = state === null ? undefined : toBoardEntry(userId, state);
      return entry === undefined ? [] : [{ ...entry, ruleId }];
    });
    await pool.query(INSERT, [
      placed.map(({ userId }) => userId),
      placed.map(({ ruleId }) => ruleId),
      placed.map(({ qualifiedDays }) => qualifiedDays),
      placed.map(({ longestStreak }) => longestStreak),
      placed.map(({ latestStreak }) => latestStreak),
      placed.map(({ updatedAtMs }) => new Date(updatedAtMs).toISOString()),
      placed.map(({ expiresAtMs }) => new Date(expiresAtMs).toISOString()),
    ]);
  }
  await pool.query('VACUUM ANALYZE board_places');
}
