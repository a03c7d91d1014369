import type { Projection, Rejected } from '@streaks/exactly-once/projection';
import {
  type FriendshipEvent,
  type FriendshipEventDecoder,
  validateFriendshipEvent,
} from '@streaks/shared/contracts/friendship-event-codec';
import { decodeRecords } from '../engines/decode-records';
import { applyFriendships, type FriendshipsOutcome } from './apply-friendships';

export interface FriendshipsProjectionOptions {
  readonly decoder: FriendshipEventDecoder;
  /** How far after the record's own time a change may be. */
  readonly maxFutureMs: number;
  /** For a rebuild, to whose tables nobody else writes. */
  readonly isShadow?: boolean;
  /** Called once after each COMMIT, synchronously. Must not throw. */
  readonly onCommitted?: ((outcome: FriendshipsOutcome, rejected: readonly Rejected[]) => void) | undefined;
}

/** Changes of friendships to the table of pairs, as an engine's projection. It makes no changes of streaks. */
export function createFriendshipsProjection({
  decoder,
  maxFutureMs,
  isShadow = false,
  onCommitted,
}: FriendshipsProjectionOptions): Projection<FriendshipEvent, never, FriendshipsOutcome> {
  return {
    decode: (records) => decodeRecords(decoder, validateFriendshipEvent, maxFutureMs, records),
    async apply(transaction, records) {
      return { changes: [], rejected: [], outcome: await applyFriendships(transaction, records, { isShadow }) };
    },
    async saveChanges() {},
    committed: ({ outcome, rejected }) => onCommitted?.(outcome, rejected),
  };
}
