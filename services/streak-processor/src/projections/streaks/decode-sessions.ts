import type { Decoded, SourceRecord } from '@streaks/exactly-once/projection';
import type { DecodedSession, DecodeFault } from '@streaks/shared/contracts/decode-fault';
import { type SessionDecoder, validateDecoded } from '@streaks/shared/contracts/session-codec';

export interface DecodeLimits {
  readonly maxDurationMs: number;
  /** How far after the record's own time a session may end. */
  readonly maxFutureMs: number;
}

/** Where a producer sets record times freely, they may claim any year; dates are stored up to 9999-12-31. */
const LAST_RECORD_TIME_MS = Date.UTC(9999, 10, 30);

/**
 * Bytes to sessions that keep every rule. "Future" is judged against the record's timestamp, so that a replay decides alike.
 * @throws RegistryUnavailableError while the schema registry does not answer
 */
export async function decodeSessions(
  decoder: SessionDecoder,
  limits: DecodeLimits,
  records: readonly SourceRecord[],
): Promise<readonly Decoded<DecodedSession>[]> {
  await decoder.prepare(records.map(({ value }) => value));
  return records.map(({ value, key, timestampMs }) => {
    const decoded = decoder.decode(value, key);
    if ('fault' in decoded) return rejected(decoded.fault);
    const fault = validateDecoded(decoded, { ...limits, recordTimeMs: Math.min(timestampMs, LAST_RECORD_TIME_MS) });
    return fault === undefined ? { kind: 'event', event: decoded } : rejected(fault);
  });
}

function rejected({ reason, detail, userId, sessionId }: DecodeFault): Decoded<DecodedSession> {
  const ids = {
    ...(userId === undefined ? {} : { userId }),
    ...(sessionId === undefined ? {} : { eventId: sessionId }),
  };
  return { kind: 'rejected', rejection: { reason, detail, ...ids } };
}
