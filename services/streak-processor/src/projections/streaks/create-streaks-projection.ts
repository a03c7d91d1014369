import type { Projection, Rejected } from '@streaks/exactly-once/projection';
import type { DecodedSession } from '@streaks/shared/contracts/decode-fault';
import type { SessionDecoder } from '@streaks/shared/contracts/session-codec';
import { applySessions } from './apply-sessions';
import { type DecodeLimits, decodeSessions } from './decode-sessions';
import { createBatchMemory } from './memory/batch-memory';
import { repliesToRejected } from './replies';
import { saveHistory } from './sql/save-history';
import type { SessionReply, StreakChange, StreaksOutcome } from './streak-change';

/** What a committed transaction did; `rejected` holds the decoder's rejections too. */
export interface CommittedSessions {
  readonly changes: readonly StreakChange[];
  readonly rejected: readonly Rejected[];
  readonly outcome: StreaksOutcome;
  /** All replies owed. To be sent once the changes can be read. */
  readonly replies: readonly SessionReply[];
}

export interface StreaksProjectionOptions {
  /** Milliseconds of a local day from which on it qualifies. */
  readonly targetMs: number;
  readonly limits: DecodeLimits;
  /** From `projection_generation`; part of every event id. */
  readonly generation: bigint;
  readonly decoder: SessionDecoder;
  /** Called once after each COMMIT, synchronously: metrics, replies. Must not throw. */
  readonly onCommitted?: ((committed: CommittedSessions) => void) | undefined;
}

export type StreaksProjection = Projection<DecodedSession, StreakChange, StreaksOutcome>;

/** Sessions to daily totals and streaks, as the engine's projection. What it keeps between transactions only saves look-ups. */
export function createStreaksProjection(options: StreaksProjectionOptions): StreaksProjection {
  const { targetMs, limits, generation, decoder, onCommitted } = options;
  const memory = createBatchMemory();
  return {
    decode: (records) => decodeSessions(decoder, limits, records),
    apply: (transaction, records, attempt) => applySessions(transaction, records, attempt, targetMs, memory),
    saveChanges: (transaction, changes) => saveHistory(transaction, generation, changes),
    committed({ changes, rejected, outcome }) {
      outcome.remember();
      onCommitted?.({ changes, rejected, outcome, replies: [...outcome.replies, ...repliesToRejected(rejected)] });
    },
  };
}
