import type { ClientBase, Pool } from 'pg';
import { inTransaction } from '../../command-line/in-transaction';
import { RefusedError } from '../../command-line/outcomes';
import { writeAudit } from '../../command-line/write-audit';
import type { AuditHead } from '../input/change-input';
import { readShardRows, type ShardRow } from './output-state';
import type { OutputPlan } from './plan-output';

export interface OutputChange {
  readonly plans: readonly OutputPlan[];
  /** Raise `projection_generation`: event ids from here on differ from all before, and Redis is filled anew. */
  readonly raisesGeneration: boolean;
}

/**
 * Carries the plans out, all or none, with one audit row.
 * @throws RefusedError when a row is no longer as it was planned for
 */
export async function changeOutput(pool: Pick<Pool, 'connect'>, change: OutputChange, audit: AuditHead): Promise<void> {
  const { plans } = change;
  const shards = plans.map(({ row }) => row.shard);
  await inTransaction(pool, async (client) => {
    const before = await readShardRows(client, { shards });
    for (const { row } of plans) requireUnchanged(row, before.get(row.shard));
    await client.query(
      `UPDATE outbox_shard o SET mark_epoch = c.mark_epoch, accepted_mark = c.accepted_mark,
         published_seq = c.published_seq, halt_reason = NULL, halt_detail = NULL
       FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[]) AS c(shard, mark_epoch, accepted_mark, published_seq)
       WHERE o.shard = c.shard`,
      [
        shards,
        plans.map(({ markEpoch }) => String(markEpoch)),
        plans.map(({ acceptedMark }) => String(acceptedMark)),
        plans.map(({ publishedSeq }) => String(publishedSeq)),
      ],
    );
    const generation = change.raisesGeneration ? await raiseGeneration(client) : undefined;
    const renewed = plans.filter(({ hasNewEventIds }) => hasNewEventIds).map(({ row }) => row.shard);
    if (generation !== undefined) await renewEventIds(client, renewed, generation);
    const after = await readShardRows(client, { shards });
    await writeAudit(client, {
      ...audit,
      before: { shards: [...before.values()] },
      after: { shards: [...after.values()], ...(generation === undefined ? {} : { generation }) },
    });
  });
}

async function raiseGeneration(client: ClientBase): Promise<bigint> {
  const { rows } = await client.query<{ generation: string }>(
    'UPDATE projection_generation SET generation = generation + 1 RETURNING generation',
  );
  const [row] = rows;
  if (row === undefined) throw new Error('projection_generation is empty: the schema is damaged');
  return BigInt(row.generation);
}

/** The event id is derived from the generation: rows that were stored under the old one may bear ids that were published with other content. */
async function renewEventIds(client: ClientBase, shards: readonly number[], generation: bigint): Promise<void> {
  await client.query(
    `UPDATE streak_history h SET generation = $2 FROM outbox_shard o
     WHERE o.shard = ANY($1::int[]) AND h.shard = o.shard AND h.out_seq > greatest(o.published_seq, o.accepted_mark)`,
    [shards, String(generation)],
  );
}

/** Rows are numbered and marks moved all the time; what was decided about are the marks that a command sets and the halt. */
function requireUnchanged(planned: ShardRow, found: ShardRow | undefined): void {
  const isSame =
    found !== undefined &&
    found.haltReason === planned.haltReason &&
    found.markEpoch === planned.markEpoch &&
    found.acceptedMark === planned.acceptedMark &&
    found.publishedSeq === planned.publishedSeq;
  if (!isSame) throw new RefusedError(`shard ${planned.shard} changed meanwhile; nothing was changed, look again`);
}
