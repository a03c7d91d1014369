/** What Postgres says of a shard's publication: a row of `outbox_shard`. */
export interface PublicationRow {
  readonly shard: number;
  readonly outSeq: bigint;
  readonly publishedSeq: bigint;
  /** Marks that Kafka keeps under an older one are void. */
  readonly markEpoch: bigint;
  /** A mark above `outSeq` that an operator accepted: rows up to it count as published. */
  readonly acceptedMark: bigint;
  readonly haltReason: string | null;
}

/** The offset that the group has for the shard's partition of the mark topic; -1: none. */
export interface GroupOffset {
  readonly offset: bigint;
  readonly metadata: string | null;
}

export type HaltReason = 'MARK_BEYOND_OUTBOX' | 'OUTPUT_REFUSED';

export type JudgedMark =
  | { readonly kind: 'start'; readonly mark: bigint; readonly ignored: string | undefined }
  | { readonly kind: 'halt'; readonly reason: HaltReason; readonly detail: string };

const MARK = /^mark:(\d{1,19}):(\d{1,19})$/;

/** What goes into the metadata of the offset, so that an offset which somebody else has set is told from ours. */
export const markMetadata = (markEpoch: bigint, seq: bigint): string => `mark:${markEpoch}:${seq}`;

/**
 * Where a shard goes on: after the greater of the two marks. The group's counts only with our metadata, which repeats it.
 * A mark that Postgres cannot know of means a database older than what was published: nobody but an operator can tell
 * whether the rows under those numbers are the published ones.
 */
export function judgeMark({ offset, metadata }: GroupOffset, row: PublicationRow): JudgedMark {
  const found = MARK.exec(metadata ?? '');
  const isNone = offset < 0n;
  const isOurs = found !== null && BigInt(found[2] ?? 0) === offset;
  const epoch = isOurs ? BigInt(found[1] ?? 0) : 0n;
  const isVoid = isOurs && epoch < row.markEpoch;
  const kept = isNone || !isOurs || isVoid ? 0n : offset;
  const mark = kept > row.publishedSeq ? kept : row.publishedSeq;
  const isNewer = isOurs && epoch > row.markEpoch && offset > row.acceptedMark;
  if ((mark > row.outSeq && mark > row.acceptedMark) || isNewer) {
    const detail = `Kafka's mark is ${offset} under mark epoch ${epoch}; the outbox ends at ${row.outSeq} under ${row.markEpoch}`;
    return { kind: 'halt', reason: 'MARK_BEYOND_OUTBOX', detail };
  }
  const ignored = isNone || (isOurs && !isVoid) ? undefined : `offset ${offset}, metadata ${JSON.stringify(metadata)}`;
  return { kind: 'start', mark, ignored };
}
