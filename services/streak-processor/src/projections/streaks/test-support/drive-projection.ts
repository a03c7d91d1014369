import type { DecodedRecord } from '@streaks/exactly-once/projection';
import { advanceShards, lockShards } from '@streaks/exactly-once/sql/outbox';
import type { UserEvent, UserEventToSend } from '@streaks/shared/contracts/user-event';
import type { UserEventDecoder } from '@streaks/shared/contracts/user-event-codec';
import type { Session } from '@streaks/shared/domain/events/session';
import type { DefaultTargets } from '@streaks/shared/domain/rules';
import type { PoolClient } from 'pg';
import {
  createStreaksProjection,
  type StreaksProjection,
  type StreaksProjectionOptions,
} from '../create-streaks-projection';
import type { StreaksOutcome } from '../outcome';
import type { StreakChange } from '../streak-change';

export const TEST_TOPIC_ID = '5f0c1a52-9b1e-4a7d-8a86-0d1b2c3d4e5f';
export const TEST_TARGETS: DefaultTargets = { focus: 1_800_000, activity: 1 };

const decodesNothing: UserEventDecoder = {
  prepare: async () => undefined,
  decode: () => ({ fault: { reason: 'NULL_VALUE', detail: 'tests on apply() decode nothing' } }),
};

export function createTestProjection(options: Partial<StreaksProjectionOptions> = {}): StreaksProjection {
  return createStreaksProjection({
    targets: TEST_TARGETS,
    limits: { maxDurationMs: 7 * 86_400_000, maxFutureMs: 300_000 },
    generation: 1n,
    decoder: decodesNothing,
    ...options,
  });
}

export interface RecordOptions {
  /** Of the record; default 0. */
  readonly timestampMs?: number;
  readonly headers?: Record<string, string>;
}

export function toRecord(
  event: UserEventToSend,
  offset: number,
  { timestampMs = 0, headers = {} }: RecordOptions = {},
): DecodedRecord<UserEvent> {
  const source = {
    topic: 'session-events',
    topicId: TEST_TOPIC_ID,
    partition: 0,
    offset: BigInt(offset),
    timestampMs,
    key: null,
    value: null,
    headers,
  };
  return { source, event: { ...event, keyMismatch: false } };
}

/** A session as its producer would have sent it when it ended. */
export const toSessionRecord = (session: Session, offset: number, headers: Record<string, string> = {}) =>
  toRecord({ kind: 'session', ...session }, offset, { timestampMs: session.endMs, headers });

export interface DrivenBatch {
  readonly outcome: StreaksOutcome;
  readonly changes: readonly StreakChange[];
  readonly rejectedIds: readonly string[];
}

type AppliedEvents = Awaited<ReturnType<StreaksProjection['apply']>>;

/** Begins a transaction and applies; `commitApplied` ends it. */
export async function applyUncommitted(
  client: PoolClient,
  projection: StreaksProjection,
  records: readonly DecodedRecord<UserEvent>[],
  attempt: number,
): Promise<AppliedEvents> {
  await client.query('BEGIN');
  return projection.apply(client, records, attempt);
}

/** Numbers and stores the changes as the engine does, all in one shard, and commits. */
export async function commitApplied(
  client: PoolClient,
  projection: StreaksProjection,
  applied: AppliedEvents,
  shard = 0,
): Promise<DrivenBatch> {
  const { changes, rejected, outcome } = applied;
  if (changes.length > 0) {
    const { lastNumbers, recordedAtMs } = await lockShards(client, [shard]);
    const last = lastNumbers.get(shard) ?? 0n;
    const numbered = changes.map((change, index) => ({ shard, seq: last + BigInt(index + 1), recordedAtMs, change }));
    await projection.saveChanges(client, numbered);
    await advanceShards(client, new Map([[shard, last + BigInt(changes.length)]]));
  }
  await client.query('COMMIT');
  projection.committed(applied);
  return { outcome, changes, rejectedIds: rejected.map(({ rejection }) => rejection.eventId ?? '') };
}

/** One transaction as the engine makes it. Rolls back and throws on an error. */
export async function applyInTransaction(
  client: PoolClient,
  projection: StreaksProjection,
  records: readonly DecodedRecord<UserEvent>[],
  attempt: number,
  shard = 0,
): Promise<DrivenBatch> {
  try {
    const applied = await applyUncommitted(client, projection, records, attempt);
    return await commitApplied(client, projection, applied, shard);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** SQLSTATEs after which the engine rolls back and repeats. */
const REPEATABLE = new Set(['40P01', '40001', '23505']);

/** Repeats as the engine does, from a first attempt on; `onRepeat` is told each error. */
export async function applyUntilCommitted(
  client: PoolClient,
  projection: StreaksProjection,
  records: readonly DecodedRecord<UserEvent>[],
  onRepeat: (error: Error & { code: string }) => void,
  shard = 0,
  firstAttempt = 0,
): Promise<DrivenBatch> {
  for (let attempt = firstAttempt; ; attempt += 1) {
    try {
      return await applyInTransaction(client, projection, records, attempt, shard);
    } catch (error) {
      const failure = error as Error & { code: string };
      if (attempt >= 20 || !REPEATABLE.has(failure.code)) throw error;
      onRepeat(failure);
    }
  }
}
