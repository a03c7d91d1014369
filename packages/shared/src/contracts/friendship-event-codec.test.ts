import fc from 'fast-check';
import { LAST_INSTANT_MS } from '../domain/calendar/instant';
import {
  createFriendshipEventDecoder,
  type FriendshipEvent,
  type FriendshipEventEncoder,
  registerFriendshipEvents,
  validateFriendshipEvent,
} from './friendship-event-codec';
import { arbitraryFriendshipEvent, toJson } from './test-support/arbitrary-events';
import { createTestRegistry } from './test-support/test-registry';

const AT_MS = Date.parse('2025-01-17T12:00:00Z');
const LIMITS = { recordTimeMs: LAST_INSTANT_MS, maxFutureMs: 0 };
const registry = createTestRegistry();
const decoder = createFriendshipEventDecoder(registry, { now: () => 0 });
let encoder: FriendshipEventEncoder;
beforeAll(async () => {
  encoder = await registerFriendshipEvents(registry);
});

const json = (value: object) => Buffer.from(JSON.stringify(value));
async function decode(value: Buffer, key: Buffer | null = null) {
  await decoder.prepare([value]);
  return decoder.decode(value, key);
}

const added = { kind: 'friendship', userId: 'ada', friendId: 'grace', isFriend: true, changedAtMs: AT_MS } as const;

it.each([added, { ...added, isFriend: false }])('is written as fastavro writes it: %j', async (event) => {
  const value = encoder.encode(event);
  expect(value.subarray(5).toString('hex')).toBe('066164610a677261636580a893c28e65');
  await expect(decode(value, Buffer.from('ada'))).resolves.toEqual({ ...event, keyMismatch: false });
  await expect(decode(value, Buffer.from('grace'))).resolves.toEqual({ ...event, keyMismatch: true });
});

it('is read as it was written, in Avro and in JSON', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryFriendshipEvent, async (event) => {
      const { keyMismatch: _, ...toSend } = event;
      expect(await decode(encoder.encode(toSend))).toEqual(event);
      expect(await decode(json(toJson(event)))).toEqual(event);
      expect(validateFriendshipEvent(event, LIMITS)).toBeUndefined();
    }),
  );
  expect(registry.subjects).toEqual(['io.streaks.FriendAdded', 'io.streaks.FriendRemoved']);
});

it('must say in JSON which of the two it is', async () => {
  const { type: _, ...untyped } = toJson({ ...added, keyMismatch: false });
  await expect(decode(json(untyped))).resolves.toEqual({
    fault: { reason: 'UNSUPPORTED_TYPE', detail: 'type is missing' },
  });
});

it('is refused with every fault', async () => {
  const outcome = await decode(json({ type: 'FriendAdded', userId: 'a b', friendId: 'a b' }));
  expect(outcome).toEqual({
    fault: {
      reason: 'INVALID_FRIENDSHIP',
      userId: 'a b',
      detail: expect.stringMatching(
        /^userId INVALID_ID: .*friendId INVALID_ID: .*friendId OWN_FRIEND: .*changedAt NOT_AN_INSTANT: /,
      ),
    },
  });
  const faultOf = (event: Omit<FriendshipEvent, 'keyMismatch'>, recordTimeMs: number) =>
    validateFriendshipEvent(event, { recordTimeMs, maxFutureMs: 0 })?.detail.split(':')[0];
  expect(faultOf({ ...added, friendId: 'ada' }, AT_MS)).toBe('friendId OWN_FRIEND');
  expect(faultOf(added, AT_MS - 1)).toBe('changedAt IN_THE_FUTURE');
  expect(faultOf(added, AT_MS)).toBeUndefined();
});

it('never throws for damaged bytes', async () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(arbitraryFriendshipEvent, damage, async ({ keyMismatch: _, ...event }, places) => {
      const value = Buffer.from(encoder.encode(event));
      for (const [at, byte] of places) value[5 + (at % (value.length - 5))] = byte;
      const outcome = await decode(value);
      if (!('fault' in outcome)) validateFriendshipEvent(outcome, LIMITS);
    }),
  );
});
