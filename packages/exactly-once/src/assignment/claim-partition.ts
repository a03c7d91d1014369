import { insertProgressIfMissing, type Progress, type Queryable, raiseEpoch } from '../sql/progress';
import type { OnEngineStep } from '../steps';
import type { HaltReason } from './owned-partition';

export interface Watermarks {
  readonly low: bigint;
  readonly high: bigint;
}

export type Claim =
  | { readonly kind: 'claimed'; readonly epoch: bigint; readonly nextOffset: bigint; readonly wasHalted: boolean }
  | { readonly kind: 'halt'; readonly epoch: bigint; readonly reason: HaltReason; readonly detail: string };

/** Halts that a new claim does not look into again: only an operator can say that the records are meant to be bad. */
const STICKY_HALTS: ReadonlySet<string> = new Set<HaltReason>(['TOO_MANY_BAD_RECORDS']);

export interface ClaimRequest {
  readonly topic: string;
  readonly partition: number;
  readonly owner: string;
  /** The topic's id as the cluster says now. */
  readonly topicId: string;
  readonly readWatermarks: () => Promise<Watermarks>;
  readonly onStep?: OnEngineStep | undefined;
}

/**
 * Takes a partition over: from here on every older owner is fenced. The position must lie inside the log of the very topic
 * it was written for; where it does not, records were lost or would be skipped, and that is for an operator to decide.
 */
export async function claimPartition(store: Queryable, request: ClaimRequest): Promise<Claim> {
  const before = await request.readWatermarks();
  await request.onStep?.('A1_LOG_READ');
  await insertProgressIfMissing(store, { ...request, lowOffset: before.low });
  const progress = await raiseEpoch(store, request);
  if (!progress) throw new Error(`partition_progress lost its row of ${request.topic}/${request.partition}`);
  await request.onStep?.('A2_EPOCH_RAISED');
  // A previous owner may have applied records younger than our first look at the log, so "beyond the end" is asked again.
  const watermarks = progress.nextOffset > before.high ? await request.readWatermarks() : before;
  return judge(progress, request, watermarks);
}

function judge(progress: Progress, request: ClaimRequest, { low, high }: Watermarks): Claim {
  const { epoch, nextOffset, topicId, haltReason } = progress;
  const halt = (reason: HaltReason, detail: string): Claim => ({ kind: 'halt', epoch, reason, detail });
  if (topicId !== request.topicId) {
    return halt(
      'TOPIC_RECREATED',
      `position ${nextOffset} belongs to topic id ${topicId}, the topic now has id ${request.topicId}`,
    );
  }
  if (nextOffset < low) {
    return halt(
      'POSITION_BELOW_LOG_START',
      `records ${nextOffset} to ${low - 1n} were deleted before they were applied`,
    );
  }
  if (nextOffset > high) {
    return halt('POSITION_BEYOND_LOG_END', `position is ${nextOffset}, the log ends at ${high}: it was truncated`);
  }
  if (haltReason !== null && STICKY_HALTS.has(haltReason)) {
    return halt(
      haltReason as HaltReason,
      'halted earlier, for the share of bad records; it stays so until an operator resumes it',
    );
  }
  return { kind: 'claimed', epoch, nextOffset, wasHalted: haltReason !== null };
}
