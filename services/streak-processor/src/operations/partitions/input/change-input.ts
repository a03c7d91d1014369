import type { Pool } from 'pg';
import { inTransaction } from '../../command-line/in-transaction';
import { RefusedError } from '../../command-line/outcomes';
import { type AuditEntry, writeAudit } from '../../command-line/write-audit';
import { type InputRow, readInputRows } from './input-state';
import type { InputPlan } from './plan-input';

export type AuditHead = Pick<AuditEntry, 'actor' | 'command' | 'arguments'>;

/**
 * Carries the plans out, all or none: new position, epoch raised (whoever holds the partition is fenced), halt cleared,
 * one audit row.
 * @throws RefusedError when a row is no longer as it was planned for
 */
export async function changeInput(
  pool: Pick<Pool, 'connect'>,
  topic: string,
  plans: readonly InputPlan[],
  audit: AuditHead,
): Promise<void> {
  const partitions = plans.map(({ row }) => row.partition);
  await inTransaction(pool, async (client) => {
    const before = await readInputRows(client, topic, { partitions });
    for (const { row } of plans) requireUnchanged(row, before.get(row.partition));
    await client.query(
      `UPDATE partition_progress p SET topic_id = c.topic_id, next_offset = c.next_offset, epoch = p.epoch + 1,
         halt_reason = NULL, halt_detail = NULL, updated_at = now()
       FROM unnest($2::int[], $3::uuid[], $4::bigint[]) AS c(partition, topic_id, next_offset)
       WHERE p.topic = $1 AND p.partition = c.partition`,
      [topic, partitions, plans.map(({ topicId }) => topicId), plans.map(({ nextOffset }) => String(nextOffset))],
    );
    const after = await readInputRows(client, topic, { partitions });
    await writeAudit(client, { ...audit, before: [...before.values()], after: [...after.values()] });
  });
}

/** A claim raises the epoch of a halted partition and leaves it as it is; whatever else differs is another state. */
function requireUnchanged(planned: InputRow, found: InputRow | undefined): void {
  const isSame =
    found !== undefined &&
    found.haltReason === planned.haltReason &&
    found.nextOffset === planned.nextOffset &&
    found.topicId === planned.topicId;
  if (!isSame)
    throw new RefusedError(`partition ${planned.partition} changed meanwhile; nothing was changed, look again`);
}
