import { toJson } from '../../producers/event-json';
import { FIRST_MS } from './simulated-time';

/** A value that is no event. */
export interface BadValue {
  readonly value: Buffer | null;
  readonly reason: string;
  /** The user whom the value names, where it can be read so far. */
  readonly userId: string | null;
}

/** One of each way to be no event, in turn. */
export function badValue(count: number, userId: string): BadValue {
  const [startMs, endMs] = [FIRST_MS, FIRST_MS + 1_800_000];
  const session = { userId, sessionId: `bad-session-${count}`, startMs, endMs, timezone: 'Asia/Tokyo' };
  const checkIn = { userId, checkInId: 'two words', atMs: startMs, timezone: 'Asia/Tokyo' };
  const change = { changeId: `bad-${count}`, changedAtMs: startMs, effectiveFrom: '2025-02-30', timezone: null };
  const text = (value: string): Buffer => Buffer.from(value);
  const kinds: readonly BadValue[] = [
    { value: null, reason: 'NULL_VALUE', userId: null },
    { value: text('neither Avro nor JSON'), reason: 'NOT_AVRO_OR_JSON', userId: null },
    { value: text('{"sessionId":'), reason: 'MALFORMED_JSON', userId: null },
    {
      value: text(toJson({ kind: 'session', session: { ...session, timezone: '+05:30' } })),
      reason: 'INVALID_SESSION',
      userId,
    },
    {
      value: text(toJson({ kind: 'session', session: { ...session, endMs: startMs } })),
      reason: 'INVALID_SESSION',
      userId,
    },
    { value: Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]), reason: 'UNKNOWN_SCHEMA', userId: null },
    { value: text(toJson({ kind: 'check-in', checkIn })), reason: 'INVALID_CHECK_IN', userId },
    { value: text(toJson({ kind: 'retraction', userId, sessionId: '' })), reason: 'INVALID_RETRACTION', userId },
    { value: text(toJson({ kind: 'settings', userId, change })), reason: 'INVALID_SETTINGS', userId },
  ];
  return kinds[count % kinds.length] ?? { value: null, reason: 'NULL_VALUE', userId: null };
}
