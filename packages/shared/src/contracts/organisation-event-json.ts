import { z } from 'zod';
import { dateField, idField, instantField, sharedSettingFields, typeField } from './json-fields';
import { organisationSettingsChanged } from './records/organisation-settings-changed';

/** A value of `organisation-events` as JSON. On Kafka fields that are not named here are ignored. */
export const organisationSettingsChangedJson = z
  .object({
    type: typeField(organisationSettingsChanged.name).optional(),
    organisationId: idField('Whose settings they are; also the key of the Kafka record', 'acme'),
    changeId: idField('Of this change; of two of one instant the greater id counts', 'change-1'),
    changedAt: instantField('When the change was made; of two changes the later one counts', '2025-01-17T08:00:00Z'),
    effectiveFrom: dateField('The first day for which the settings hold', '2025-01-18'),
    ...sharedSettingFields,
  })
  .meta({
    id: organisationSettingsChanged.name,
    description:
      'An organisation changed settings, which hold for members that have none. What is absent stays as it was, null is the way back to the default',
  });

export type OrganisationSettingsChangedJson = z.infer<typeof organisationSettingsChangedJson>;
