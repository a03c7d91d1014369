import { textArray } from '@streaks/exactly-once/binary/array-parameters';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { DefaultTargets, RuleId } from '@streaks/shared/domain/rules';
import {
  type EffectiveSettings,
  organisationIdsOf,
  resolveSettings,
} from '@streaks/shared/domain/settings/effective-settings';
import { noSettings, type StoredSettings } from '@streaks/shared/domain/settings/stored-settings';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import type { ClientBase } from 'pg';
import type { SpecialUsers } from './special-user';

/** By what users are judged: by their settings and those of their organisations, the others by the defaults. */
export interface UserRules {
  /** Undefined where the user has no settings at all. */
  settingsOf(userId: string): EffectiveSettings | undefined;
  /** What days of the user need; undefined where the default counts. */
  targetsOf(ruleId: RuleId, userId: string): ((day: LocalDay) => number) | undefined;
}

const usualRules: UserRules = { settingsOf: () => undefined, targetsOf: () => undefined };

const FIND_ORGANISATIONS = `
  SELECT o.organisation_id, o.settings
  FROM unnest($1::text[]) AS k(organisation_id)
  CROSS JOIN LATERAL (
    SELECT organisation_id, settings FROM organisations r WHERE r.organisation_id = k.organisation_id OFFSET 0
  ) AS o`;

/** The rules of these users; all others are taken to have no settings. Reads the organisations that they belong to at some date. */
export async function readUserRules(
  client: ClientBase,
  users: SpecialUsers,
  defaults: DefaultTargets,
): Promise<UserRules> {
  const organisationIds = new Set<string>();
  let hasSettings = false;
  for (const { settings } of users.values()) {
    if (settings === noSettings) continue;
    hasSettings = true;
    if (settings.organisationId !== undefined) for (const id of organisationIdsOf(settings)) organisationIds.add(id);
  }
  if (!hasSettings) return usualRules;
  return createUserRules(users, await readOrganisations(client, [...organisationIds].sort(compareUtf8)), defaults);
}

/** Settings are worked out when they are asked for, and once. */
export function createUserRules(
  users: SpecialUsers,
  organisations: ReadonlyMap<string, StoredSettings>,
  defaults: DefaultTargets,
): UserRules {
  const resolved = new Map<string, EffectiveSettings>();
  const settingsOf = (userId: string): EffectiveSettings | undefined => {
    const known = resolved.get(userId);
    if (known !== undefined) return known;
    const stored = users.get(userId)?.settings ?? noSettings;
    if (stored === noSettings) return undefined;
    const effective = resolveSettings(stored, organisations);
    resolved.set(userId, effective);
    return effective;
  };
  return {
    settingsOf,
    targetsOf(ruleId, userId) {
      const settings = settingsOf(userId);
      return settings && ((day) => settings.targetOn(ruleId, day) ?? defaults[ruleId]);
    },
  };
}

/** The settings of those organisations that have any. */
async function readOrganisations(
  client: ClientBase,
  organisationIds: readonly string[],
): Promise<ReadonlyMap<string, StoredSettings>> {
  if (organisationIds.length === 0) return new Map();
  const { rows } = await client.query<{ organisation_id: string; settings: StoredSettings }>({
    name: 'streaks_find_organisations',
    text: FIND_ORGANISATIONS,
    values: [textArray(organisationIds)],
  });
  return new Map(rows.map(({ organisation_id, settings }) => [organisation_id, settings]));
}
