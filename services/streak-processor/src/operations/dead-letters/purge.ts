import type { Pool } from 'pg';
import { inTransaction } from '../command-line/in-transaction';
import { writeAudit } from '../command-line/write-audit';
import { conditionOf, type Selection } from './selection';

export interface PurgeRequested {
  readonly selection: Selection;
  readonly actor: string;
  /** Deleted in one transaction. */
  readonly pageRows: number;
  readonly onProgress: (deleted: number) => void;
}

/** Rows that are not in Kafka yet are part of the outbox: deleted, they would never be published. */
const PUBLISHED = 'EXISTS (SELECT FROM outbox_shard o WHERE o.shard = d.shard AND d.out_seq <= o.published_seq)';

export async function countPurgeable(
  pool: Pool,
  selection: Selection,
): Promise<{ readonly published: number; readonly unpublished: number }> {
  const { text, values } = conditionOf(selection);
  const { rows } = await pool.query<{ published: string; unpublished: string }>(
    `SELECT count(*) FILTER (WHERE ${PUBLISHED}) AS published, count(*) FILTER (WHERE NOT ${PUBLISHED}) AS unpublished
     FROM dead_letters d WHERE ${text}`,
    [...values],
  );
  return { published: Number(rows[0]?.published ?? 0), unpublished: Number(rows[0]?.unpublished ?? 0) };
}

/** Deletes what was published, page by page, each with an audit row that names the positions. Returns how many. */
export async function purgeDeadLetters(pool: Pool, request: PurgeRequested): Promise<number> {
  const { text, values } = conditionOf(request.selection);
  let total = 0;
  for (let deleted = request.pageRows; deleted === request.pageRows; ) {
    deleted = await inTransaction(pool, async (client) => {
      const { rows } = await client.query<{ position: string; reason: string }>(
        `DELETE FROM dead_letters WHERE (topic_id, partition, "offset") IN (
           SELECT d.topic_id, d.partition, d."offset" FROM dead_letters d WHERE (${text}) AND ${PUBLISHED}
           ORDER BY d.topic_id, d.partition, d."offset" LIMIT $${values.length + 1} FOR UPDATE OF d)
         RETURNING topic || '/' || partition || '/' || "offset" AS position, reason`,
        [...values, request.pageRows],
      );
      if (rows.length > 0) {
        await writeAudit(client, {
          actor: request.actor,
          command: 'dead-letters purge',
          arguments: { ...request.selection },
          before: rows,
          after: null,
        });
      }
      return rows.length;
    });
    total += deleted;
    request.onProgress(total);
  }
  return total;
}
