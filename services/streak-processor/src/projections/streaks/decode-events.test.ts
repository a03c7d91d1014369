import { createUserEventDecoder } from '@streaks/shared/contracts/user-event-codec';
import { decodeEvents } from './decode-events';

const decoder = createUserEventDecoder(
  { getSchema: () => Promise.reject(new Error('these values are JSON: no schema is asked for')) },
  { now: () => 0 },
);
const LIMITS = { maxDurationMs: 7 * 86_400_000, maxFutureMs: 300_000 };
const RECORDED_MS = Date.parse('2026-01-05T12:00:00Z');

const SESSION = {
  userId: 'u',
  sessionId: 's',
  startTime: '2026-01-05T11:00:00.001Z',
  endTime: '2026-01-05T12:00:00Z',
  timezone: 'Europe/London',
};

function record(value: object | string | null, key: string | null = 'u') {
  return {
    topic: 'session-events',
    topicId: '5f0c1a52-9b1e-4a7d-8a86-0d1b2c3d4e5f',
    partition: 0,
    offset: 0n,
    timestampMs: RECORDED_MS,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
    headers: {},
  };
}

describe('decodeEvents', () => {
  it('answers one for one, in order, and the value’s user rules over the key', async () => {
    const decoded = await decodeEvents(decoder, LIMITS, [record(SESSION), record(null), record(SESSION, 'other')]);
    const event = {
      kind: 'session',
      userId: 'u',
      sessionId: 's',
      startMs: RECORDED_MS - 3_599_999,
      endMs: RECORDED_MS,
      timezone: 'Europe/London',
    };
    expect(decoded).toEqual([
      { kind: 'event', event: { ...event, keyMismatch: false } },
      { kind: 'rejected', rejection: { reason: 'NULL_VALUE', detail: expect.any(String) } },
      { kind: 'event', event: { ...event, keyMismatch: true } },
    ]);
  });

  it.each([
    ['ends five minutes after the record', '2026-01-05T12:05:00Z', 'event'],
    ['ends later than that', '2026-01-05T12:05:00.001Z', 'rejected'],
  ])('judges the future by the record’s time: one that %s', async (_case, endTime, kind) => {
    const [decoded] = await decodeEvents(decoder, LIMITS, [record({ ...SESSION, endTime })]);
    expect(decoded?.kind).toBe(kind);
  });

  it('does not believe a record from after the last year that has dates', async () => {
    const times = { startTime: '9999-12-31T10:00:00Z', endTime: '9999-12-31T11:00:00Z' };
    const far = { ...record({ ...SESSION, ...times }), timestampMs: Date.UTC(20_000, 0, 1) };
    expect(await decodeEvents(decoder, LIMITS, [far])).toMatchObject([
      { kind: 'rejected', rejection: { detail: expect.stringContaining('IN_THE_FUTURE') } },
    ]);
  });

  it('names the ids of a session that breaks a rule, so that its dead letter is found', async () => {
    const decoded = await decodeEvents(decoder, LIMITS, [record({ ...SESSION, timezone: '+05:30' })]);
    expect(decoded).toMatchObject([
      {
        kind: 'rejected',
        rejection: {
          reason: 'INVALID_SESSION',
          userId: 'u',
          eventId: 's',
          detail: expect.stringContaining('OFFSET_TIMEZONE'),
        },
      },
    ]);
  });
});
