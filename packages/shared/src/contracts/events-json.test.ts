import fc from 'fast-check';
import { z } from 'zod';
import type { LocalDay } from '../domain/calendar/local-day';
import { friendAddedJson, friendRemovedJson } from './friendship-event-json';
import { organisationSettingsChangedJson } from './organisation-event-json';
import {
  arbitraryFriendshipEvent,
  arbitraryOrganisationEvent,
  arbitraryUserEvent,
  toJson,
} from './test-support/arbitrary-events';
import type { UserEvent } from './user-event';
import { createUserEventDecoder, validateUserEvent } from './user-event-codec';
import {
  checkInRecordedJson,
  sessionCompletedJson,
  sessionRetractedJson,
  userErasedJson,
  userSettingsChangedJson,
} from './user-event-json';

const forms: Readonly<Record<string, z.ZodType>> = {
  SessionCompleted: sessionCompletedJson,
  CheckInRecorded: checkInRecordedJson,
  SessionRetracted: sessionRetractedJson,
  UserSettingsChanged: userSettingsChangedJson,
  UserErased: userErasedJson,
  OrganisationSettingsChanged: organisationSettingsChangedJson,
  FriendAdded: friendAddedJson,
  FriendRemoved: friendRemovedJson,
};
const decoder = createUserEventDecoder({ getSchema: () => Promise.reject(new Error('JSON alone')) }, { now: () => 0 });
const LIMITS = { recordTimeMs: Number.POSITIVE_INFINITY, maxDurationMs: Number.POSITIVE_INFINITY, maxFutureMs: 0 };
const change = { changeId: 'c1', changedAtMs: 0, effectiveFrom: 0 as LocalDay };
const settings = toJson({ kind: 'settings', userId: 'ada', change, keyMismatch: false });

describe('the JSON form of an event', () => {
  it('takes every event, with either name', () => {
    const event = fc.oneof(arbitraryUserEvent, arbitraryOrganisationEvent, arbitraryFriendshipEvent);
    fc.assert(
      fc.property(event, (one) => {
        const value = toJson(one);
        const name = String(value['type']);
        for (const type of [name, `io.streaks.${name}`]) {
          expect(forms[name]?.safeParse({ ...value, type })).toMatchObject({ success: true });
        }
        expect(forms[name]?.safeParse({ ...value, type: 'Other' }).success).toBe(false);
      }),
    );
  });

  it('takes what the decoder takes: anything in place of a field', () => {
    const near = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>(0, 1, 86_400, 86_401, 1.5, '', 'a b', '2025-01-18', '2025-02-30', '1969-12-31'),
      fc.constantFrom<unknown>('2025-01-17T12:00:00Z', '2025-01-17T12:00:00', 'UTC', '+01:00', null, true),
      fc.record({ earnEvery: fc.nat(400), cap: fc.nat(110) }),
      fc.array(
        fc.record({ first: fc.constantFrom('2025-01-18', 'x'), last: fc.constantFrom('2025-01-17', '2025-02-01') }),
      ),
    );
    let taken = 0;
    fc.assert(
      fc.property(arbitraryUserEvent, fc.nat(), near, (event, at, replacement) => {
        const value = toJson(event);
        const fields = [...Object.keys(value), ...(event.kind === 'settings' ? Object.keys(ALL_SETTINGS) : [])];
        const field = fields[at % fields.length] ?? '';
        if (field === 'type') return;
        const changed = { ...value, [field]: replacement };
        const outcome = decoder.decode(Buffer.from(JSON.stringify(changed)), null);
        const isTaken = !('fault' in outcome) && validateUserEvent(outcome as UserEvent, LIMITS) === undefined;
        if (isTaken) taken += 1;
        if (isTaken) expect(forms[String(value['type'])]?.safeParse(changed)).toMatchObject({ success: true });
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(30);
  });

  it.each(
    Object.entries({
      timezone: '+01:00',
      dailyTargetSeconds: 0,
      dailyCheckInTarget: 1001,
      organisationId: 'a b',
      freeze: { earnEvery: 366, cap: 1 },
      pauses: [{ first: '2025-01-18', last: '2025-01-17' }],
      leaderboardOptOut: 'yes',
    }),
  )('refuses a wrong %s, and takes null and nothing in its place', (field, wrong) => {
    expect(userSettingsChangedJson.safeParse({ ...settings, [field]: wrong }).error?.issues[0]?.path[0]).toBe(field);
    expect(userSettingsChangedJson.safeParse({ ...settings, [field]: null }).success).toBe(true);
    expect(userSettingsChangedJson.safeParse(settings).success).toBe(true);
  });

  it('names every field that is wrong', () => {
    const wrong = {
      userId: 'ada',
      sessionId: 'fri',
      startTime: 'today',
      endTime: '2025-01-15T10:45:00Z',
      timezone: '+01:00',
    };
    const issues = sessionCompletedJson.safeParse(wrong).error?.issues;
    expect(issues?.map(({ path }) => path.join('.'))).toEqual(['startTime', 'timezone']);
  });

  it.each(Object.entries(forms))('%s has a JSON schema that describes each field, with an example', (name, form) => {
    const schema = z.toJSONSchema(form, { io: 'input' }) as { $defs: Record<string, { properties: object }> };
    const properties = Object.entries(schema.$defs[name]?.properties ?? {});
    expect(properties.length).toBeGreaterThan(1);
    for (const [field, property] of properties) {
      expect({ field, ...property }).toMatchObject({ field, description: expect.stringMatching(/^.{3}/) });
      if (field !== 'type') expect({ field, ...property }).toHaveProperty('example');
    }
  });
});

const ALL_SETTINGS = {
  timezone: null,
  dailyTargetSeconds: null,
  dailyCheckInTarget: null,
  organisationId: null,
  freeze: null,
  pauses: null,
  leaderboardOptOut: null,
};
