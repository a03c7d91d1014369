import type { Pool } from 'pg';
import type { FaultList } from '../fault-list';

/** No stored change comes from a record that the position has not passed, and no mark is ahead of its shard. */
export async function checkPositions(pool: Pool, faults: FaultList): Promise<void> {
  const { rows } = await pool.query<{ fault: string }>(
    `SELECT format('partition %s: changes up to offset %s, the position is %s', p.partition, max(h."offset"), p.next_offset) AS fault
     FROM streak_history h JOIN partition_progress p ON p.topic_id = h.topic_id AND p.partition = h.partition
     GROUP BY p.topic, p.partition, p.next_offset HAVING max(h."offset") >= p.next_offset
     UNION ALL
     SELECT format('shard %s: published %s, projected %s, out_seq %s', shard, published_seq, projected_seq, out_seq)
     FROM outbox_shard WHERE published_seq > out_seq OR projected_seq > out_seq`,
  );
  for (const { fault } of rows) faults.add('positions and marks', fault);
}
