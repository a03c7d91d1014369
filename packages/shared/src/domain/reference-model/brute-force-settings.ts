import type { SettingField, SettingsChange, SettingValues } from '../settings/settings-change';

/** A change as it stands in the log. */
export interface LoggedChange {
  readonly change: SettingsChange;
  readonly recordTimeMs: number;
}

const UNDATED: readonly SettingField[] = ['timezone', 'pauses', 'leaderboardOptOut'];

/**
 * Settings once more, the slow and obvious way, for tests to compare with: every change there ever was is looked at for every
 * question. Expects that two changes differ in their instant or their id.
 * @returns what the setting is on a day, null for the default
 */
export function bruteForceSetting<Field extends SettingField>(
  log: readonly LoggedChange[],
  erasedAtMs: number,
  field: Field,
  day: number,
): SettingValues[Field] | null {
  const candidates = log
    .filter(({ recordTimeMs }) => !(recordTimeMs <= erasedAtMs))
    .map(({ change }) => change)
    .filter((change) => field in change && (UNDATED.includes(field) || change.effectiveFrom <= day))
    .sort(
      (one, other) =>
        one.changedAtMs - other.changedAtMs ||
        Buffer.compare(Buffer.from(one.changeId, 'utf8'), Buffer.from(other.changeId, 'utf8')),
    );
  return (candidates.at(-1)?.[field] ?? null) as SettingValues[Field] | null;
}

/** What counts of a setting that an organisation may have in the user's stead. */
export function bruteForceShared<Field extends 'dailyTargetSeconds' | 'dailyCheckInTarget' | 'freeze'>(
  log: readonly LoggedChange[],
  erasedAtMs: number,
  organisations: ReadonlyMap<string, readonly LoggedChange[]>,
  field: Field,
  day: number,
): SettingValues[Field] | null {
  const own = bruteForceSetting(log, erasedAtMs, field, day);
  if (own !== null) {
    return own;
  }
  const organisationId = bruteForceSetting(log, erasedAtMs, 'organisationId', day);
  const ofOrganisation = organisationId === null ? undefined : organisations.get(organisationId);
  return ofOrganisation === undefined ? null : bruteForceSetting(ofOrganisation, Number.NEGATIVE_INFINITY, field, day);
}
