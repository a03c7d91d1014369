import type { Pool } from 'pg';

/** How far a backlog is. */
export interface BacklogMarks {
  readonly applied: number;
  /** Changes that Redis does not have yet. */
  readonly unprojected: number;
  /** Changes that Kafka's output topics do not have yet. */
  readonly unpublished: number;
  readonly published: number;
}

export async function readBacklogMarks(pool: Pool, topic: string): Promise<BacklogMarks> {
  const { rows } = await pool.query<Record<keyof BacklogMarks, string>>(
    `SELECT (SELECT coalesce(sum(next_offset), 0) FROM partition_progress WHERE topic = $1) AS applied,
            coalesce(sum(out_seq - projected_seq), 0) AS unprojected,
            coalesce(sum(out_seq - published_seq), 0) AS unpublished,
            coalesce(sum(published_seq), 0) AS published
     FROM outbox_shard`,
    [topic],
  );
  const row = rows[0];
  return {
    applied: Number(row?.applied),
    unprojected: Number(row?.unprojected),
    unpublished: Number(row?.unpublished),
    published: Number(row?.published),
  };
}
