import { type GroupOffset, judgeMark, type PublicationRow } from '@streaks/exactly-once/publish/mark';
import type { Queryable } from '@streaks/exactly-once/sql/progress';
import type { Connections } from '../../command-line/connect';

/** A row of `outbox_shard`. */
export interface ShardRow extends PublicationRow {
  readonly projectedSeq: bigint;
  readonly haltDetail: string | null;
}

/** The mark of a shard as Kafka keeps it: `foreign` when the offset is not one of ours, `void` when an operator made it so. */
export type KafkaMark =
  | { readonly kind: 'none' | 'foreign' | 'void' }
  | { readonly kind: 'mark'; readonly seq: bigint; readonly epoch: bigint };

export type MarksInKafka = ReadonlyMap<number, GroupOffset>;

interface OutboxRow {
  readonly shard: number;
  readonly out_seq: string;
  readonly published_seq: string;
  readonly projected_seq: string;
  readonly mark_epoch: string;
  readonly accepted_mark: string;
  readonly halt_reason: string | null;
  readonly halt_detail: string | null;
}

/** All shards, or those named; with `lock` they are held until the transaction ends. */
export async function readShardRows(
  store: Queryable,
  lock?: { readonly shards: readonly number[] },
): Promise<ReadonlyMap<number, ShardRow>> {
  const { rows } = await store.query<OutboxRow>(
    `SELECT shard, out_seq, published_seq, projected_seq, mark_epoch, accepted_mark, halt_reason, halt_detail FROM outbox_shard
     WHERE $1::int[] IS NULL OR shard = ANY($1) ORDER BY shard${lock ? ' FOR UPDATE' : ''}`,
    [lock?.shards ?? null],
  );
  return new Map(
    rows.map((row) => [
      row.shard,
      {
        shard: row.shard,
        outSeq: BigInt(row.out_seq),
        publishedSeq: BigInt(row.published_seq),
        projectedSeq: BigInt(row.projected_seq),
        markEpoch: BigInt(row.mark_epoch),
        acceptedMark: BigInt(row.accepted_mark),
        haltReason: row.halt_reason,
        haltDetail: row.halt_detail,
      },
    ]),
  );
}

/** The offsets that publication keeps in Kafka, by shard. A topic that is not there yet has none. */
export async function readMarksInKafka({
  config,
  withAdmin,
}: Pick<Connections, 'config' | 'withAdmin'>): Promise<MarksInKafka> {
  const topic = config.STREAK_CHANGES_TOPIC;
  return await withAdmin(async (admin) => {
    if (!(await admin.listTopics()).includes(topic)) return new Map();
    const [found] = await admin.fetchOffsets({ groupId: config.RELAY_GROUP_ID, topics: [topic] });
    return new Map(
      (found?.partitions ?? []).map(({ partition, offset, metadata }) => [
        partition,
        { offset: BigInt(offset), metadata },
      ]),
    );
  });
}

/** As `markMetadata` of the publisher writes it; a test holds the two together. */
const MARK = /^mark:(\d{1,19}):(\d{1,19})$/;

export function describeMark(row: ShardRow, { offset, metadata }: GroupOffset = NO_OFFSET): KafkaMark {
  if (offset < 0n) return { kind: 'none' };
  const [, epoch, seq] = MARK.exec(metadata ?? '') ?? [];
  if (epoch === undefined || seq === undefined || BigInt(seq) !== offset) return { kind: 'foreign' };
  return BigInt(epoch) < row.markEpoch ? { kind: 'void' } : { kind: 'mark', seq: offset, epoch: BigInt(epoch) };
}

/** Whether Kafka has more of a shard than Postgres: the database is older than what was published. */
export const isBeyondOutbox = (row: ShardRow, offset: GroupOffset = NO_OFFSET): boolean =>
  row.haltReason === 'MARK_BEYOND_OUTBOX' || (row.haltReason === null && judgeMark(offset, row).kind === 'halt');

const NO_OFFSET: GroupOffset = { offset: -1n, metadata: null };
