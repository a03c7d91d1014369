import { LAST_LOCAL_DAY, type LocalDay } from '../calendar/local-day';
import {
  type EventLimits,
  type Fault,
  fault,
  futureFaults,
  idFaults,
  instantFaults,
  NO_FAULTS,
  timezoneFaults,
} from '../events/faults';
import type { DayRange, FreezeRule } from '../streaks/bridging';

/** What each setting may be; null in its place means: back to the default. */
export interface SettingValues {
  /** A name of the IANA database: where "today" is. Days are split in the zone of each event all the same. */
  readonly timezone: string;
  /** Seconds of focus that a day needs. */
  readonly dailyTargetSeconds: number;
  /** Check-ins that a day needs. */
  readonly dailyCheckInTarget: number;
  /** Whose settings count where the user has none. */
  readonly organisationId: string;
  readonly freeze: FreezeRule;
  /** All pauses there are, past ones too; in any order, overlapping or not. */
  readonly pauses: readonly DayRange[];
  readonly leaderboardOptOut: boolean;
}

export type SettingField = keyof SettingValues;

/**
 * One change of the settings of a user, or of an organisation, which has only targets and a freeze rule. A setting that is
 * absent stays as it is.
 */
export type SettingsChange = {
  /** With the instant it decides which of two changes is the later one. */
  readonly changeId: string;
  readonly changedAtMs: number;
  /** The first day that targets, organisation and freeze rule are meant for; the others count as soon as they are made. */
  readonly effectiveFrom: LocalDay;
} & { readonly [Field in SettingField]?: SettingValues[Field] | null };

/** What may be a change: every field may be of another type (a date or an instant that did not parse: NaN). */
export type SettingsCandidate = { readonly [Field in keyof SettingsChange]?: unknown };

export const MAX_TARGET_SECONDS = 86_400;
export const MAX_CHECK_IN_TARGET = 1000;
export const MAX_EARN_EVERY = 365;
export const MAX_FREEZES = 100;
export const MAX_PAUSES = 100;
/** 1970-01-01 and 9999-12-31: the dates that settings may name. */
export const FIRST_SETTINGS_DAY = 0 as LocalDay;
export const LAST_SETTINGS_DAY = LAST_LOCAL_DAY;

/**
 * Every fault of what claims to be a change of settings, in the order of its fields; none if it is one. Whose settings
 * they are, the caller checks. Never throws.
 */
export function settingsFaults(candidate: SettingsCandidate, limits: EventLimits): readonly Fault[] {
  const { changeId, changedAtMs, effectiveFrom, timezone, organisationId } = candidate;
  return [
    ...idFaults('changeId', changeId),
    ...instantFaults('changedAt', changedAtMs),
    ...futureFaults('changedAt', changedAtMs, limits),
    ...dateFaults('effectiveFrom', effectiveFrom),
    ...(isSet(timezone) ? timezoneFaults(timezone) : NO_FAULTS),
    ...rangeFaults('dailyTargetSeconds', candidate.dailyTargetSeconds, MAX_TARGET_SECONDS),
    ...rangeFaults('dailyCheckInTarget', candidate.dailyCheckInTarget, MAX_CHECK_IN_TARGET),
    ...(isSet(organisationId) ? idFaults('organisationId', organisationId) : NO_FAULTS),
    ...freezeFaults(candidate.freeze),
    ...pausesFaults(candidate.pauses),
    ...optOutFaults(candidate.leaderboardOptOut),
  ];
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function dateFaults(field: string, value: unknown): readonly Fault[] {
  const isDate =
    typeof value === 'number' && Number.isInteger(value) && value >= FIRST_SETTINGS_DAY && value <= LAST_SETTINGS_DAY;
  return isDate
    ? NO_FAULTS
    : [fault(field, 'NOT_A_DATE', `${field} must be an existing date from 1970-01-01 to 9999-12-31`)];
}

/** Whole numbers from 1; nothing to object to where the setting is absent or null. */
function rangeFaults(field: string, value: unknown, max: number): readonly Fault[] {
  const isInRange = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max;
  return isInRange || !isSet(value)
    ? NO_FAULTS
    : [fault(field, 'OUT_OF_RANGE', `${field} must be a whole number from 1 to ${max}`)];
}

function freezeFaults(value: unknown): readonly Fault[] {
  if (!isSet(value)) {
    return NO_FAULTS;
  }
  if (!isRecord(value) || !isSet(value['earnEvery']) || !isSet(value['cap'])) {
    return [fault('freeze', 'NOT_A_FREEZE_RULE', 'freeze must have earnEvery and cap')];
  }
  return [
    ...rangeFaults('freeze.earnEvery', value['earnEvery'], MAX_EARN_EVERY),
    ...rangeFaults('freeze.cap', value['cap'], MAX_FREEZES),
  ];
}

function pausesFaults(value: unknown): readonly Fault[] {
  if (!isSet(value)) {
    return NO_FAULTS;
  }
  if (!Array.isArray(value)) {
    return [fault('pauses', 'NOT_A_LIST', 'pauses must be a list of ranges of dates')];
  }
  if (value.length > MAX_PAUSES) {
    return [fault('pauses', 'TOO_MANY', `pauses must be at most ${MAX_PAUSES} ranges of dates`)];
  }
  return value.flatMap((range: unknown, index) => pauseFaults(`pauses[${index}]`, range));
}

function pauseFaults(field: string, range: unknown): readonly Fault[] {
  const { first, last } = isRecord(range) ? range : {};
  const faults = [...dateFaults(`${field}.first`, first), ...dateFaults(`${field}.last`, last)];
  return faults.length === 0 && Number(last) < Number(first)
    ? [fault(`${field}.last`, 'LAST_BEFORE_FIRST', `${field}.last must not be before its first`)]
    : faults;
}

function optOutFaults(value: unknown): readonly Fault[] {
  return typeof value === 'boolean' || !isSet(value)
    ? NO_FAULTS
    : [fault('leaderboardOptOut', 'NOT_A_BOOLEAN', 'leaderboardOptOut must be true or false')];
}

function isRecord(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null;
}
