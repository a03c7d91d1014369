import fc from 'fast-check';
import { LAST_INSTANT_MS } from '../domain/calendar/instant';
import type { LocalDay } from '../domain/calendar/local-day';
import {
  createOrganisationEventDecoder,
  type OrganisationEventEncoder,
  registerOrganisationEvents,
  validateOrganisationEvent,
} from './organisation-event-codec';
import { arbitraryOrganisationEvent, toJson } from './test-support/arbitrary-events';
import { createTestRegistry } from './test-support/test-registry';

const AT_MS = Date.parse('2025-01-17T12:00:00Z');
const LIMITS = { recordTimeMs: LAST_INSTANT_MS, maxFutureMs: 0 };
const registry = createTestRegistry();
const decoder = createOrganisationEventDecoder(registry, { now: () => 0 });
let encoder: OrganisationEventEncoder;
beforeAll(async () => {
  encoder = await registerOrganisationEvents(registry);
});

const json = (value: object) => Buffer.from(JSON.stringify(value));
async function decode(value: Buffer, key: Buffer | null = null) {
  await decoder.prepare([value]);
  return decoder.decode(value, key);
}

const event = {
  kind: 'organisation-settings',
  organisationId: 'acme',
  change: {
    changeId: 'c2',
    changedAtMs: AT_MS,
    effectiveFrom: 20_106 as LocalDay,
    dailyTargetSeconds: 900,
    freeze: null,
  },
} as const;

it('is written as fastavro writes it, under the full name of its record', async () => {
  const value = encoder.encode(event);
  expect(value.subarray(5).toString('hex')).toBe('0861636d6504633280a893c28e6594ba020202880e000200');
  expect(registry.subjects).toEqual(['io.streaks.OrganisationSettingsChanged']);
  await expect(decode(value, Buffer.from('acme'))).resolves.toEqual({ ...event, keyMismatch: false });
  await expect(decode(value, Buffer.from('ada'))).resolves.toEqual({ ...event, keyMismatch: true });
});

it('is read as it was written, in Avro and in JSON with or without a type', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryOrganisationEvent, async (one) => {
      const { keyMismatch: _, ...toSend } = one;
      expect(await decode(encoder.encode(toSend))).toEqual(one);
      const { type: __, ...untyped } = toJson(one);
      expect(await decode(json(untyped))).toEqual(one);
      expect(await decode(json(toJson(one)))).toEqual(one);
      expect(validateOrganisationEvent(one, LIMITS)).toBeUndefined();
    }),
  );
});

it('has no settings that only a user has', async () => {
  const value = json({ ...toJson({ ...event, keyMismatch: false }), timezone: 'Europe/London', pauses: 'all' });
  await expect(decode(value)).resolves.toEqual({ ...event, keyMismatch: false });
});

it('is refused with every fault', async () => {
  const outcome = await decode(json({ organisationId: '', changeId: 'c2', effectiveFrom: 'today', freeze: 2 }));
  expect(outcome).toEqual({
    fault: {
      reason: 'INVALID_SETTINGS',
      eventId: 'c2',
      detail: expect.stringMatching(
        /^organisationId INVALID_ID: .*changedAt NOT_AN_INSTANT: .*effectiveFrom NOT_A_DATE: .*freeze NOT_A_FREEZE_RULE: /,
      ),
    },
  });
  const future = validateOrganisationEvent(event, { recordTimeMs: AT_MS - 1, maxFutureMs: 0 });
  expect(future).toMatchObject({ reason: 'INVALID_SETTINGS', detail: expect.stringContaining('IN_THE_FUTURE') });
  await expect(decode(json({ type: 'UserErased', userId: 'ada' }))).resolves.toMatchObject({
    fault: { reason: 'UNSUPPORTED_TYPE' },
  });
});

it('never throws for damaged bytes', async () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(arbitraryOrganisationEvent, damage, async ({ keyMismatch: _, ...one }, places) => {
      const value = Buffer.from(encoder.encode(one));
      for (const [at, byte] of places) value[5 + (at % (value.length - 5))] = byte;
      const outcome = await decode(value);
      if (!('fault' in outcome)) validateOrganisationEvent(outcome, LIMITS);
    }),
  );
});
