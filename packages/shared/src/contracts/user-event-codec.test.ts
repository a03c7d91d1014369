import fc from 'fast-check';
import { LAST_INSTANT_MS } from '../domain/calendar/instant';
import type { LocalDay } from '../domain/calendar/local-day';
import { arbitraryUserEvent, toJson } from './test-support/arbitrary-events';
import { createTestRegistry } from './test-support/test-registry';
import type { UserEvent, UserEventToSend } from './user-event';
import { createUserEventDecoder, validateUserEvent } from './user-event-codec';
import { registerUserEvents, type UserEventEncoder } from './user-event-encoder';

const AT_MS = Date.parse('2025-01-17T12:00:00Z');
const DAY = 20_106 as LocalDay; // 2025-01-18
const LIMITS = { recordTimeMs: LAST_INSTANT_MS, maxDurationMs: 7 * 86_400_000, maxFutureMs: 0 };
const registry = createTestRegistry();
const decoder = createUserEventDecoder(registry, { now: () => 0 });
let encoder: UserEventEncoder;
beforeAll(async () => {
  encoder = await registerUserEvents(registry);
});

const withoutKey = ({ keyMismatch: _, ...event }: UserEvent) => event as UserEventToSend;
const json = (value: object) => Buffer.from(JSON.stringify(value));
async function decode(value: Buffer, key: Buffer | null = null) {
  await decoder.prepare([value]);
  return decoder.decode(value, key);
}

const change = { changeId: 'c1', changedAtMs: AT_MS, effectiveFrom: DAY };
/** Written by fastavro 1.13 from the same schemas. */
const golden: readonly (readonly [string, UserEventToSend, string])[] = [
  [
    'SessionCompleted',
    {
      kind: 'session',
      userId: 'ada',
      sessionId: 'fri',
      startMs: AT_MS - 18_000_000,
      endMs: AT_MS - 15_600_000,
      timezone: 'Europe/London',
    },
    '06667269066164618086feb08e658082a3b38e651a4575726f70652f4c6f6e646f6e',
  ],
  [
    'CheckInRecorded',
    { kind: 'check-in', userId: 'ada', checkInId: 'fri-noon', atMs: AT_MS, timezone: 'Europe/London' },
    '06616461106672692d6e6f6f6e80a893c28e651a4575726f70652f4c6f6e646f6e',
  ],
  ['SessionRetracted', { kind: 'retraction', userId: 'ada', sessionId: 'fri' }, '0661646106667269'],
  ['UserErased', { kind: 'erasure', userId: 'ada-ü' }, '0c6164612dc3bc'],
  [
    'UserSettingsChanged that changes nothing',
    { kind: 'settings', userId: 'ada', change },
    '0661646104633180a893c28e6594ba0200000000000000',
  ],
  [
    'UserSettingsChanged that changes all',
    {
      kind: 'settings',
      userId: 'ada',
      change: {
        ...change,
        timezone: 'Asia/Tokyo',
        dailyTargetSeconds: 1200,
        dailyCheckInTarget: 3,
        organisationId: 'acme',
        freeze: { earnEvery: 7, cap: 2 },
        pauses: [{ first: 20_301 as LocalDay, last: 20_314 as LocalDay }],
        leaderboardOptOut: true,
      },
    },
    '0661646104633180a893c28e6594ba02020214417369612f546f6b796f0202e01202020602020861636d6502020e040202029abd02b4bd0200020201',
  ],
  [
    'UserSettingsChanged back to all defaults',
    {
      kind: 'settings',
      userId: 'ada',
      change: {
        ...change,
        timezone: null,
        dailyTargetSeconds: null,
        dailyCheckInTarget: null,
        organisationId: null,
        freeze: null,
        pauses: null,
        leaderboardOptOut: null,
      },
    },
    '0661646104633180a893c28e6594ba020200020002000200020002000200',
  ],
];

it.each(golden)('%s is written as another implementation writes it, and read back', async (_, event, hex) => {
  const value = encoder.encode(event);
  expect(value.subarray(5).toString('hex')).toBe(hex);
  await expect(decode(value)).resolves.toEqual({ ...event, keyMismatch: false });
});

it('registers each schema under the full name of its record', () => {
  expect([...registry.subjects].sort()).toEqual([
    'io.streaks.CheckInRecorded',
    'io.streaks.SessionCompleted',
    'io.streaks.SessionRetracted',
    'io.streaks.UserErased',
    'io.streaks.UserSettingsChanged',
  ]);
});

it('reads any event that it wrote, whatever came before it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryUserEvent, { maxLength: 5 }), async (events) => {
      for (const event of events) {
        const value = encoder.encode(withoutKey(event));
        expect(await decode(value, Buffer.from(event.userId))).toEqual(event);
        expect(validateUserEvent(event, LIMITS)).toBeUndefined();
      }
    }),
  );
});

it('reads the same event from JSON', () => {
  fc.assert(
    fc.property(arbitraryUserEvent, (event) => {
      const value = toJson(event);
      const qualified = { ...value, type: `io.streaks.${String(value['type'])}`, other: 1 };
      for (const one of [value, qualified]) expect(decoder.decode(json(one), null)).toEqual(event);
    }),
  );
});

it('tells a key that is not the user', async () => {
  for (const [, event] of golden) {
    const [user, other] = [Buffer.from(event.userId), Buffer.from('grace')];
    expect(await decode(encoder.encode(event), user)).toMatchObject({ keyMismatch: false });
    expect(await decode(encoder.encode(event), other)).toMatchObject({ keyMismatch: true });
    const value = json(toJson({ ...event, keyMismatch: false } as UserEvent));
    expect(decoder.decode(value, other)).toMatchObject({ keyMismatch: true });
  }
});

describe('what is no event of its name', () => {
  const faultsOf = (detail: string) => detail.match(/[A-Za-z.[\]0-9]+ [A-Z_0-9]+(?=:)/g);
  const settings = { userId: 'ada', changeId: 'c1', changedAt: '2025-01-17T12:00:00Z', effectiveFrom: '2025-01-18' };

  it.each([
    [
      { type: 'CheckInRecorded', userId: 'ada', checkInId: 'c1', at: 1_737_115_200_000 },
      'INVALID_CHECK_IN',
      'c1',
      ['at NOT_AN_INSTANT', 'timezone UNKNOWN_TIMEZONE'],
    ],
    [{ type: 'SessionRetracted', userId: 'ada' }, 'INVALID_RETRACTION', undefined, ['sessionId INVALID_ID']],
    [{ type: 'UserErased', userId: 7 }, 'INVALID_ERASURE', undefined, ['userId INVALID_ID']],
    [
      { type: 'UserSettingsChanged', userId: 'ada', changeId: 'c1', timezone: 1, freeze: { earnEvery: 7 } },
      'INVALID_SETTINGS',
      'c1',
      ['changedAt NOT_AN_INSTANT', 'effectiveFrom NOT_A_DATE', 'timezone UNKNOWN_TIMEZONE', 'freeze NOT_A_FREEZE_RULE'],
    ],
    [
      { type: 'UserSettingsChanged', ...settings, pauses: [{ first: '2025-02-30' }, 'always'], leaderboardOptOut: 1 },
      'INVALID_SETTINGS',
      'c1',
      [
        'pauses[0].first NOT_A_DATE',
        'pauses[0].last NOT_A_DATE',
        'pauses[1].first NOT_A_DATE',
        'pauses[1].last NOT_A_DATE',
        'leaderboardOptOut NOT_A_BOOLEAN',
      ],
    ],
    [
      { type: 'UserSettingsChanged', ...settings, effectiveFrom: '2025-02-30' },
      'INVALID_SETTINGS',
      'c1',
      ['effectiveFrom NOT_A_DATE'],
    ],
    [
      { type: 'UserSettingsChanged', ...settings, dailyTargetSeconds: '1800', pauses: {}, freeze: [7, 2] },
      'INVALID_SETTINGS',
      'c1',
      ['dailyTargetSeconds OUT_OF_RANGE', 'freeze NOT_A_FREEZE_RULE', 'pauses NOT_A_LIST'],
    ],
  ] as const)('is refused with every fault of its shape: %j', (value, reason, eventId, faults) => {
    const outcome = decoder.decode(json(value), null);
    expect(outcome).toMatchObject({ fault: { reason, ...(eventId === undefined ? {} : { eventId }) } });
    const { detail } = 'fault' in outcome ? outcome.fault : { detail: '' };
    expect(faultsOf(detail)).toEqual(faults);
  });

  it.each([
    [{ userId: 'ada', kind: 'erasure' }, undefined],
    [{ userId: 'a b', kind: 'erasure' }, 'INVALID_ERASURE'],
    [{ userId: 'ada', sessionId: '', kind: 'retraction' }, 'INVALID_RETRACTION'],
    [
      { userId: 'ada', checkInId: 'c', atMs: AT_MS + 1, timezone: 'Europe/London', kind: 'check-in' },
      'INVALID_CHECK_IN',
    ],
    [{ userId: 'ada', change: { ...change, changedAtMs: AT_MS + 1 }, kind: 'settings' }, 'INVALID_SETTINGS'],
    [{ userId: '', change, kind: 'settings' }, 'INVALID_SETTINGS'],
    [{ userId: 'ada', change: { ...change, dailyTargetSeconds: 86_401 }, kind: 'settings' }, 'INVALID_SETTINGS'],
    [{ userId: 'ada', change: { ...change, effectiveFrom: -1 as LocalDay }, kind: 'settings' }, 'INVALID_SETTINGS'],
    [
      { userId: 'u', sessionId: 's', startMs: 0, endMs: AT_MS + 1, timezone: '+01:00', kind: 'session' },
      'INVALID_SESSION',
    ],
  ] as const satisfies readonly (readonly [UserEventToSend, string | undefined])[])(
    'is judged by the rules of the domain: %j',
    (event, reason) => {
      const fault = validateUserEvent(event, { ...LIMITS, recordTimeMs: AT_MS });
      expect(fault?.reason).toBe(reason);
      if (fault !== undefined) expect(fault.userId).toBe(event.userId);
    },
  );
});

it('refuses text of any field that is no UTF-8, and takes a real replacement character', async () => {
  for (const [, event] of golden) {
    const text = JSON.stringify(event);
    for (const field of ['ada', 'fri', 'c1', 'acme', 'Asia/Tokyo', 'Europe/London']) {
      if (!text.includes(`"${field}`)) continue;
      const value = Buffer.from(encoder.encode(event));
      value[value.lastIndexOf(field)] = 0xff;
      expect(await decode(value)).toMatchObject({
        fault: { reason: 'MALFORMED_AVRO', detail: expect.stringContaining('UTF-8') },
      });
    }
  }
  const real: UserEventToSend = {
    kind: 'settings',
    userId: '\ufffd',
    change: { ...change, organisationId: 'a\ufffd' },
  };
  await expect(decode(encoder.encode(real))).resolves.toEqual({ ...real, keyMismatch: false });
});

describe('hostile values', () => {
  const judge = async (value: Buffer) => {
    const outcome = await decode(value);
    if (!('fault' in outcome)) validateUserEvent(outcome, LIMITS);
    else expect(outcome.fault.detail.length).toBeLessThanOrEqual(1000);
  };

  it('in Avro never make it throw: damaged bytes of any record', async () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(arbitraryUserEvent, damage, fc.nat(), async (event, places, cut) => {
        const value = Buffer.from(encoder.encode(withoutKey(event)));
        for (const [at, byte] of places) value[5 + (at % (value.length - 5))] = byte;
        await judge(value);
        await judge(value.subarray(0, 5 + (cut % value.length)));
      }),
      { numRuns: 500 },
    );
  });

  it('in JSON never make it throw: anything in place of any field', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryUserEvent,
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.jsonValue(),
        async (event, more, junk) => {
          const value = toJson(event);
          await judge(json({ ...more, type: value['type'] }));
          for (const field of Object.keys(value)) {
            await judge(json({ ...value, [field]: junk }));
            await judge(json({ ...value, [field]: [{ first: junk, last: junk, earnEvery: junk }] }));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('may hold as many pauses as a record has room for', async () => {
    const pauses = Array.from({ length: 50_000 }, () => ({ first: 'x', last: null }));
    const value = { ...toJson({ kind: 'settings', userId: 'ada', change, keyMismatch: false }), pauses };
    expect(decoder.decode(json(value), null)).toMatchObject({
      fault: { detail: expect.stringMatching(/^pauses TOO_MANY/) },
    });
  });
});
