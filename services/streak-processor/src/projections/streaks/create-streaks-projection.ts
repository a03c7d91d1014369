import type { Projection, Rejected } from '@streaks/exactly-once/projection';
import type { UserEvent } from '@streaks/shared/contracts/user-event';
import type { UserEventDecoder } from '@streaks/shared/contracts/user-event-codec';
import type { DefaultTargets } from '@streaks/shared/domain/rules';
import { applyEvents } from './apply-events';
import { type DecodeLimits, decodeEvents } from './decode-events';
import { createBatchMemory } from './memory/batch-memory';
import type { StreaksOutcome } from './outcome';
import { repliesToRejected } from './replies/collect-replies';
import { saveHistory } from './sql/save-history';
import type { EventReply, StreakChange } from './streak-change';

/** What a committed transaction did; `rejected` holds the decoder's rejections too. */
export interface CommittedEvents {
  readonly changes: readonly StreakChange[];
  readonly rejected: readonly Rejected[];
  readonly outcome: StreaksOutcome;
  /** All replies owed. To be sent once the changes can be read. */
  readonly replies: readonly EventReply[];
}

export interface StreaksProjectionOptions {
  /** From which total on a day qualifies where no setting says otherwise. */
  readonly targets: DefaultTargets;
  readonly limits: DecodeLimits;
  /** From `projection_generation`; part of every event id. */
  readonly generation: bigint;
  readonly decoder: UserEventDecoder;
  /**
   * For a rebuild, whose tables are of a schema of their own: nobody else writes them, so that no bucket is locked, and its
   * changes are not stored, so that erasures leave history and dead letters as they are.
   */
  readonly isShadow?: boolean;
  /** Called once after each COMMIT, synchronously: metrics, replies. Must not throw. */
  readonly onCommitted?: ((committed: CommittedEvents) => void) | undefined;
}

export type StreaksProjection = Projection<UserEvent, StreakChange, StreaksOutcome>;

/** Events of users to daily totals and streaks, as the engine's projection. What it keeps between transactions only saves look-ups. */
export function createStreaksProjection(options: StreaksProjectionOptions): StreaksProjection {
  const { targets, limits, generation, decoder, isShadow = false, onCommitted } = options;
  const memory = createBatchMemory();
  return {
    decode: (records) => decodeEvents(decoder, limits, records),
    apply: (transaction, records, attempt, rejected = []) =>
      applyEvents(transaction, records, attempt, { targets, memory, isShadow, rejected }),
    saveChanges: (transaction, changes) => saveHistory(transaction, generation, changes),
    committed({ changes, rejected, outcome }) {
      outcome.remember();
      onCommitted?.({ changes, rejected, outcome, replies: [...outcome.replies, ...repliesToRejected(rejected)] });
    },
  };
}
