import { z } from 'zod';
import { parseInstant } from '../domain/calendar/instant';
import { parseIsoDate } from '../domain/calendar/local-day';
import { findZone } from '../domain/calendar/zone';
import { ID_PATTERN, isValidId, MAX_ID_LENGTH } from '../domain/events/id';
import {
  FIRST_SETTINGS_DAY,
  LAST_SETTINGS_DAY,
  MAX_CHECK_IN_TARGET,
  MAX_EARN_EVERY,
  MAX_FREEZES,
  MAX_PAUSES,
  MAX_TARGET_SECONDS,
} from '../domain/settings/settings-change';
import { SCHEMA_NAMESPACE } from './avro/avro-encoder';

/** `type` of a JSON value: the record's name, with or without its namespace. */
export const typeField = (name: string) =>
  z
    .literal([name, `${SCHEMA_NAMESPACE}.${name}`])
    .meta({ description: 'Name of the record, with or without its namespace' });

export const idField = (what: string, example: string) =>
  z
    .string()
    .refine(isValidId, `must be 1 to ${MAX_ID_LENGTH} characters without control characters or whitespace`)
    .meta({ description: what, minLength: 1, maxLength: MAX_ID_LENGTH, pattern: ID_PATTERN, example });

export const instantField = (what: string, example: string) =>
  z
    .string()
    .refine((text) => parseInstant(text) !== undefined, 'must be a date and time with an offset')
    .meta({ description: what, format: 'date-time', example });

export const timezoneField = (what: string) =>
  z
    .string()
    .refine((name) => findZone(name) !== undefined, 'must be a name of the IANA time zone database')
    .meta({ description: what, example: 'Europe/London' });

export const dateField = (what: string, example: string) =>
  z
    .string()
    .refine((text) => {
      const day = parseIsoDate(text);
      return day !== undefined && day >= FIRST_SETTINGS_DAY && day <= LAST_SETTINGS_DAY;
    }, 'must be an existing date from 1970-01-01 to 9999-12-31')
    .meta({ description: what, format: 'date', example });

/** A setting in a change: absent is unchanged, null is the way back to the default. */
const setting = <Value extends z.ZodType>(value: Value, what: string, example: z.input<Value>) =>
  value.nullable().optional().meta({ description: what, example });

/** Targets and freeze rule: what an organisation may set too. */
export const sharedSettingFields = {
  dailyTargetSeconds: setting(
    z.int().min(1).max(MAX_TARGET_SECONDS),
    'Seconds of focus that a day needs; null: the default',
    1800,
  ),
  dailyCheckInTarget: setting(
    z.int().min(1).max(MAX_CHECK_IN_TARGET),
    'Check-ins that a day needs; null: the default',
    1,
  ),
  freeze: setting(
    z.object({
      earnEvery: z
        .int()
        .min(1)
        .max(MAX_EARN_EVERY)
        .meta({ description: 'One freeze is earned with each so many qualified days of a streak' }),
      cap: z.int().min(1).max(MAX_FREEZES).meta({ description: 'At most so many at a time' }),
    }),
    'How freezes are earned, which bridge missed days; null: the default, which is not at all',
    { earnEvery: 7, cap: 2 },
  ),
};

const pause = z
  .object({
    first: dateField('The first day', '2025-08-01'),
    last: dateField('The last day, not before the first', '2025-08-14'),
  })
  .refine(({ first, last }) => first <= last, { path: ['last'], message: 'must not be before first' });

/** The settings of a user. */
export const userSettingFields = {
  timezone: setting(
    timezoneField('IANA time zone'),
    "IANA time zone whose date is the user's today; null: that of the latest event",
    'Europe/London',
  ),
  ...sharedSettingFields,
  organisationId: setting(
    idField('Id of an organisation', 'acme'),
    'The organisation whose settings count where the user has none; null: none',
    'acme',
  ),
  pauses: setting(
    z.array(pause).max(MAX_PAUSES),
    'Days on which nothing is missed, in place of all former ones; null: none',
    [{ first: '2025-08-01', last: '2025-08-14' }],
  ),
  leaderboardOptOut: setting(z.boolean(), 'Whether the user is left out of boards; null: no', true),
};
