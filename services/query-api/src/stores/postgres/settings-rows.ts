import { type EffectiveSettings, resolveSettings } from '@streaks/shared/domain/settings/effective-settings';
import { noSettings, type StoredSettings } from '@streaks/shared/domain/settings/stored-settings';
import type { ReadModel } from '../read-model';
import type { PostgresQuery } from './postgres-query';

const READ_SETTINGS = `
  SELECT special.settings,
         (SELECT jsonb_object_agg(organisation_id, organisations.settings)
            FROM organisation_members JOIN organisations USING (organisation_id)
           WHERE organisation_members.user_id = $1) AS organisations
    FROM special_users AS special
   WHERE special.user_id = $1`;

type SettingsRow = {
  settings: StoredSettings | null;
  organisations: Readonly<Record<string, StoredSettings>> | null;
};

/** What counts for a user without any settings: only defaults. */
export const settingsOfNobody: EffectiveSettings = resolveSettings(noSettings, new Map());

export function createSettingsRows(query: PostgresQuery): Pick<ReadModel, 'readSettings'> {
  return {
    async readSettings(userId) {
      const [row] = await query<SettingsRow>('read_settings', READ_SETTINGS, [userId]);
      return row?.settings == null
        ? settingsOfNobody
        : resolveSettings(row.settings, new Map(Object.entries(row.organisations ?? {})));
    },
  };
}
