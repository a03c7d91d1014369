import type { Decoded, SourceRecord } from '@streaks/exactly-once/projection';
import type { EventDecoder } from '@streaks/shared/contracts/codec/event-decoder';
import type { DecodeFault } from '@streaks/shared/contracts/decode-fault';
import type { EventLimits } from '@streaks/shared/domain/events/faults';

/** Where a producer sets record times freely, they may claim any year; dates are stored up to 9999-12-31. */
const LAST_RECORD_TIME_MS = Date.UTC(9999, 10, 30);

/** The record's own time in epoch milliseconds, as it is judged by and stored. */
export const recordTimeOf = ({ timestampMs }: Pick<SourceRecord, 'timestampMs'>): number =>
  Math.min(Math.max(timestampMs, 0), LAST_RECORD_TIME_MS);

/**
 * Bytes to events that keep every rule. "Future" is judged against the record's timestamp, so that a replay decides alike.
 * @throws RegistryUnavailableError while the schema registry does not answer
 */
export async function decodeRecords<Event>(
  decoder: EventDecoder<Event>,
  validate: (event: Event, limits: EventLimits) => DecodeFault | undefined,
  maxFutureMs: number,
  records: readonly SourceRecord[],
): Promise<readonly Decoded<Event>[]> {
  await decoder.prepare(records.map(({ value }) => value));
  return records.map((record) => {
    const decoded = decoder.decode(record.value, record.key);
    const fault = isFaulty(decoded)
      ? decoded.fault
      : validate(decoded, { maxFutureMs, recordTimeMs: recordTimeOf(record) });
    return fault === undefined ? { kind: 'event', event: decoded as Event } : rejected(fault);
  });
}

const isFaulty = (decoded: unknown): decoded is { readonly fault: DecodeFault } =>
  typeof decoded === 'object' && decoded !== null && 'fault' in decoded;

function rejected<Event>({ reason, detail, userId, eventId }: DecodeFault): Decoded<Event> {
  const ids = { ...(userId === undefined ? {} : { userId }), ...(eventId === undefined ? {} : { eventId }) };
  return { kind: 'rejected', rejection: { reason, detail, ...ids } };
}
