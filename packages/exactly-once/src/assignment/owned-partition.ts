/** Why a partition stands still until an operator acts. Stable names: part of the public contract. */
export type HaltReason =
  | 'TOPIC_RECREATED'
  | 'POSITION_BELOW_LOG_START'
  | 'POSITION_BEYOND_LOG_END'
  | 'UNREADABLE_BATCH'
  | 'TOO_MANY_BAD_RECORDS';

/**
 * A claimed partition. Built by one claim under one token and never outlives it: `isCurrent` turns false for good at the
 * next assignment, at a lost fence, at a halt. Only the consumer moves `fetchCursor`, only the lane moves `appliedOffset`.
 */
export interface OwnedPartition {
  readonly partition: number;
  readonly topicId: string;
  readonly epoch: bigint;
  /** Next offset expected from Kafka; also moves over batches without records for us (control records, aborted ones). */
  fetchCursor: bigint;
  /** `next_offset` in Postgres as this owner left it: what the fence compares. */
  appliedOffset: bigint;
  /** Records decoded and waiting, or in the transaction at hand. */
  pendingRecords: number;
  /** Batches of another position refused in a row. */
  refusedInARow: number;
  /** When something last moved, for the idle write of skipped offsets. */
  lastMovedMs: number;
  /** Timestamp of the last record applied, for the lag in seconds. */
  lastAppliedTimestampMs: number | undefined;
  isCurrent: boolean;
}

export type PartitionState =
  | { readonly kind: 'claiming' }
  | { readonly kind: 'active'; readonly owned: OwnedPartition }
  | { readonly kind: 'lost' }
  /** `isRecorded`: the row says so too, so that a row without the reason means that an operator cleared it. */
  | { readonly kind: 'halted'; readonly reason: HaltReason; readonly detail: string; readonly isRecorded: boolean };
