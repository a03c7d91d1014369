import { z } from 'zod';
import { dateField, idField, instantField, timezoneField, typeField, userSettingFields } from './json-fields';
import { checkInRecorded } from './records/check-in-recorded';
import { sessionCompleted } from './records/session-completed';
import { sessionRetracted } from './records/session-retracted';
import { userErased } from './records/user-erased';
import { userSettingsChanged } from './records/user-settings-changed';

/**
 * The events of `session-events` as JSON: what a Kafka value that starts with `{` holds, and what HTTP bodies are made of.
 * On Kafka fields that are not named here are ignored. The rules that need a clock (not in the future, at most 7 days) are
 * the domain's.
 */
const userId = idField('Whose it is; also the key of the Kafka record', 'ada');
const sessionId = idField('Unique per user; an identical repeat changes nothing', 'fri');

export const sessionCompletedJson = z
  .object({
    type: typeField(sessionCompleted.name).optional(),
    userId,
    sessionId,
    startTime: instantField('When the session began', '2025-01-15T10:00:00Z'),
    endTime: instantField('When it ended; later than startTime', '2025-01-15T11:45:00.500+01:00'),
    timezone: timezoneField('IANA time zone whose calendar splits the session into days'),
  })
  .meta({ id: sessionCompleted.name, description: 'A user finished a session' });

export const checkInRecordedJson = z
  .object({
    type: typeField(checkInRecorded.name),
    userId,
    checkInId: idField('Unique per user; an identical repeat changes nothing', 'fri-noon'),
    at: instantField('When the user was active', '2025-01-17T12:00:00Z'),
    timezone: timezoneField('IANA time zone whose clocks tell the day on which the check-in counts'),
  })
  .meta({ id: checkInRecorded.name, description: 'A user was active at an instant' });

export const sessionRetractedJson = z
  .object({
    type: typeField(sessionRetracted.name),
    userId,
    sessionId: idField('The session that never counts, whichever of the two comes first', 'fri'),
  })
  .meta({ id: sessionRetracted.name, description: 'A session is taken back for good' });

export const userSettingsChangedJson = z
  .object({
    type: typeField(userSettingsChanged.name),
    userId,
    changeId: idField('Of this change; of two of one instant the greater id counts', 'change-1'),
    changedAt: instantField('When the change was made; of two changes the later one counts', '2025-01-17T08:00:00Z'),
    effectiveFrom: dateField('The first day for which targets, organisation and freeze rule hold', '2025-01-18'),
    ...userSettingFields,
  })
  .meta({
    id: userSettingsChanged.name,
    description: 'A user changed settings. What is absent stays as it was, null is the way back to the default',
  });

export const userErasedJson = z
  .object({ type: typeField(userErased.name), userId })
  .meta({ id: userErased.name, description: 'Everything recorded of the user until now is as if it had never been' });

export type SessionCompletedJson = z.infer<typeof sessionCompletedJson>;
export type CheckInRecordedJson = z.infer<typeof checkInRecordedJson>;
export type SessionRetractedJson = z.infer<typeof sessionRetractedJson>;
export type UserSettingsChangedJson = z.infer<typeof userSettingsChangedJson>;
export type UserErasedJson = z.infer<typeof userErasedJson>;
