import { dateField, sharedSettingFields, userSettingFields } from '@streaks/shared/contracts/json-fields';
import { MAX_PAUSES } from '@streaks/shared/domain/settings/settings-change';
import { z } from 'zod';

/** A range of dates is `from` and `to` over HTTP, as in queries; `first` and `last` in the log. */
const pauses = z
  .array(
    z.object({
      from: dateField('The first day', '2026-08-01'),
      to: dateField('The last day, not before the first', '2026-08-14'),
    }),
  )
  .max(MAX_PAUSES)
  .nullable()
  .optional()
  .meta({
    description: 'Days on which nothing is missed, in place of all former ones; null: none',
    example: [{ from: '2026-08-01', to: '2026-08-14' }],
  });

const userSettings = { ...userSettingFields, pauses };

const effectiveFrom = (zone: string) =>
  dateField(
    `First day that targets, organisation and freeze rule are meant for; earlier days keep what they were earned under. Today in ${zone} if absent`,
    '2026-01-15',
  ).optional();

/** One of the settings must be there. */
const atLeastOneOf = (settings: object) => ({ anyOf: Object.keys(settings).map((name) => ({ required: [name] })) });

export const userSettingsBody = z
  .strictObject({ ...userSettings, effectiveFrom: effectiveFrom('the `timezone` of this body, else in UTC') })
  .meta({ id: 'UserSettings', ...atLeastOneOf(userSettings) });

export const organisationSettingsBody = z
  .strictObject({ ...sharedSettingFields, effectiveFrom: effectiveFrom('UTC') })
  .meta({ id: 'OrganisationSettings', ...atLeastOneOf(sharedSettingFields) });
