/** Settings by search: for each question every change there ever was is looked at. */
import type { ReferenceChange, ReferenceFreezeRule, ReferenceSettings } from './reference-event';

type Changes = readonly ReferenceChange[];

/** Where a user has no setting of their own, that of their organisation counts. */
type SharedSetting = 'dailyTargetSeconds' | 'dailyCheckInTarget' | 'freeze';

/** Settings without a date: of all changes the latest one counts, for every day. */
const EVER = '9999-99-99';

/** What the setting is on a date, null for the default. */
export function settingOn<Name extends keyof ReferenceSettings>(
  changes: Changes,
  name: Name,
  date: string,
): NonNullable<ReferenceSettings[Name]> | null {
  let latest: ReferenceChange | undefined;
  for (const change of changes) {
    if (change[name] === undefined || change.effectiveFrom > date) continue;
    if (latest === undefined || isLater(change, latest)) latest = change;
  }
  return (latest?.[name] ?? null) as NonNullable<ReferenceSettings[Name]> | null;
}

/** Of a setting that has no date. */
export function latestSetting<Name extends 'timezone' | 'pauses' | 'leaderboardOptOut'>(
  changes: Changes,
  name: Name,
): NonNullable<ReferenceSettings[Name]> | null {
  return settingOn(changes, name, EVER);
}

function isLater(one: ReferenceChange, other: ReferenceChange): boolean {
  if (one.changedAtMs !== other.changedAtMs) return one.changedAtMs > other.changedAtMs;
  return Buffer.compare(Buffer.from(one.changeId), Buffer.from(other.changeId)) > 0;
}

/** A user's own changes, and those of all organisations. */
export interface SettingsHistory {
  readonly own: Changes;
  readonly organisations: ReadonlyMap<string, Changes>;
}

/** The user's own, else that of the organisation to which they belong on that date. */
export function sharedSettingOn<Name extends SharedSetting>(
  { own, organisations }: SettingsHistory,
  name: Name,
  date: string,
): NonNullable<ReferenceSettings[Name]> | null {
  const ownValue = settingOn(own, name, date);
  if (ownValue !== null) return ownValue;
  const organisationId = settingOn(own, 'organisationId', date);
  return organisationId === null ? null : settingOn(organisations.get(organisationId) ?? [], name, date);
}

/** Every organisation to which the user belongs on some date, in the order of their bytes. */
export function organisationsOf(own: Changes): string[] {
  const ids = new Set<string>();
  for (const { effectiveFrom } of own) {
    const id = settingOn(own, 'organisationId', effectiveFrom);
    if (id !== null) ids.add(id);
  }
  return [...ids].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
}

export interface FreezeFrom {
  readonly from: string;
  readonly rule: ReferenceFreezeRule | null;
}

/** The dates on which another freeze rule comes into force than the day before had. */
export function freezeSteps(history: SettingsHistory): FreezeFrom[] {
  const changes = [...history.own, ...[...history.organisations.values()].flat()];
  const dates = [...new Set(changes.map(({ effectiveFrom }) => effectiveFrom))].sort();
  const steps: FreezeFrom[] = [];
  for (const from of dates) {
    const rule = sharedSettingOn(history, 'freeze', from);
    const before = steps.at(-1)?.rule ?? null;
    if (ruleText(rule) !== ruleText(before)) steps.push({ from, rule });
  }
  return steps;
}

const ruleText = (rule: ReferenceFreezeRule | null): string =>
  rule === null ? 'none' : `${rule.earnEvery} ${rule.cap}`;
