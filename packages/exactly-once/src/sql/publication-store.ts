import type { PublicationRow } from '../publish/mark';
import type { PublicationStore } from '../publish/publisher-options';
import type { Queryable } from './progress';

/** Marks, ends and halts of the shards, as `outbox_shard` keeps them. */
export function createPublicationStore(store: Queryable): PublicationStore {
  return {
    async read(shards) {
      const { rows } = await store.query<Record<string, string> & { shard: number; halt_reason: string | null }>(
        `SELECT shard, out_seq, published_seq, mark_epoch, accepted_mark, halt_reason FROM outbox_shard
         WHERE shard = ANY($1::int[]) ORDER BY shard`,
        [shards],
      );
      return rows.map(
        (row): PublicationRow => ({
          shard: row.shard,
          outSeq: BigInt(row['out_seq'] ?? 0),
          publishedSeq: BigInt(row['published_seq'] ?? 0),
          markEpoch: BigInt(row['mark_epoch'] ?? 0),
          acceptedMark: BigInt(row['accepted_mark'] ?? 0),
          haltReason: row.halt_reason,
        }),
      );
    },
    /** A row that an applier holds is left for later: neither waits for the other. One whose epoch an operator raised keeps its mark. */
    async movePublished(marks) {
      const { rows } = await store.query<{ shard: number }>(
        `WITH free AS (SELECT shard FROM outbox_shard WHERE shard = ANY($1::int[]) ORDER BY shard FOR UPDATE SKIP LOCKED)
         UPDATE outbox_shard o SET published_seq =
           CASE WHEN o.mark_epoch = m.epoch THEN GREATEST(o.published_seq, LEAST(m.seq, o.out_seq)) ELSE o.published_seq END
         FROM free JOIN unnest($1::int[], $2::bigint[], $3::bigint[]) AS m(shard, seq, epoch) ON m.shard = free.shard
         WHERE o.shard = free.shard RETURNING o.shard`,
        [
          [...marks.keys()],
          [...marks.values()].map(({ seq }) => String(seq)),
          [...marks.values()].map(({ epoch }) => String(epoch)),
        ],
      );
      return new Set(rows.map(({ shard }) => shard));
    },
    async halt(shard, reason, detail) {
      await store.query(
        'UPDATE outbox_shard SET halt_reason = $2, halt_detail = $3 WHERE shard = $1 AND halt_reason IS NULL',
        [shard, reason, detail],
      );
    },
  };
}
