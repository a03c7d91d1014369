import type { Decoded, SourceRecord } from '@streaks/exactly-once/projection';
import type { UserEvent } from '@streaks/shared/contracts/user-event';
import { type UserEventDecoder, validateUserEvent } from '@streaks/shared/contracts/user-event-codec';
import { decodeRecords } from '../../engines/decode-records';

export interface DecodeLimits {
  readonly maxDurationMs: number;
  /** How far after the record's own time an event may be. */
  readonly maxFutureMs: number;
}

/**
 * Bytes to events of users that keep every rule, judged against the record's timestamp.
 * @throws RegistryUnavailableError while the schema registry does not answer
 */
export function decodeEvents(
  decoder: UserEventDecoder,
  { maxDurationMs, maxFutureMs }: DecodeLimits,
  records: readonly SourceRecord[],
): Promise<readonly Decoded<UserEvent>[]> {
  return decodeRecords(
    decoder,
    (event, limits) => validateUserEvent(event, { ...limits, maxDurationMs }),
    maxFutureMs,
    records,
  );
}
