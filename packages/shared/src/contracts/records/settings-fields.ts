import type {
  SettingField,
  SettingsCandidate,
  SettingsChange,
  SettingValues,
} from '../../domain/settings/settings-change';
import { dateOf, instantOf } from './json-values';
import { hasReplacement, type JsonObject } from './record-contract';

/** The settings that a user may change. */
export const USER_SETTINGS: readonly SettingField[] = [
  'timezone',
  'dailyTargetSeconds',
  'dailyCheckInTarget',
  'organisationId',
  'freeze',
  'pauses',
  'leaderboardOptOut',
];
/** The settings that an organisation may change. */
export const ORGANISATION_SETTINGS: readonly SettingField[] = ['dailyTargetSeconds', 'dailyCheckInTarget', 'freeze'];

/** A change in Avro's terms: null is a setting that stays, a value of null the way back to the default. */
export type ChangeRecord = {
  readonly changeId: string;
  readonly changedAt: number;
  readonly effectiveFrom: number;
} & { readonly [Field in SettingField]?: { readonly value: SettingValues[Field] | null } | null };

/** Whether a text of the change has the character that stands for what was no UTF-8. */
export function changeHasReplacement({ changeId, timezone, organisationId }: ChangeRecord): boolean {
  return (
    hasReplacement(changeId) || hasReplacement(timezone?.value ?? '') || hasReplacement(organisationId?.value ?? '')
  );
}

export function changeFromAvro(record: ChangeRecord, fields: readonly SettingField[]): SettingsChange {
  const { changeId, changedAt, effectiveFrom } = record;
  const settings = fields.flatMap((field) => {
    const changed = record[field];
    return changed === null || changed === undefined ? [] : [[field, changed.value] as const];
  });
  return {
    changeId,
    changedAtMs: changedAt,
    effectiveFrom: effectiveFrom as SettingsChange['effectiveFrom'],
    ...Object.fromEntries(settings),
  };
}

/** Without the settings that are not of these fields. */
export function changeToAvro(change: SettingsChange, fields: readonly SettingField[]): ChangeRecord {
  const { changeId, changedAtMs, effectiveFrom } = change;
  const settings = fields.map((field) => [field, change[field] === undefined ? null : { value: change[field] }]);
  return { changeId, changedAt: changedAtMs, effectiveFrom, ...Object.fromEntries(settings) };
}

/** The fields of a JSON object as the domain judges them (`settingsFaults`): an absent setting stays, null is its default. */
export function settingsCandidateOf(json: JsonObject, fields: readonly SettingField[]): SettingsCandidate {
  const settings = fields.flatMap((field) => {
    const value = json[field];
    return value === undefined ? [] : [[field, settingOf(field, value)] as const];
  });
  return {
    changeId: json['changeId'],
    changedAtMs: instantOf(json['changedAt']),
    effectiveFrom: dateOf(json['effectiveFrom']),
    ...Object.fromEntries(settings),
  };
}

/** Whether each field is of the type that it must have. What is in the change beyond the domain's rules is theirs. */
export function isShapedChange(candidate: SettingsCandidate): candidate is SettingsChange {
  const { changeId, changedAtMs, effectiveFrom } = candidate;
  return (
    typeof changeId === 'string' &&
    typeof changedAtMs === 'number' &&
    typeof effectiveFrom === 'number' &&
    USER_SETTINGS.every((field) => {
      const value = candidate[field];
      return value === undefined || value === null || IS_SHAPED[field](value);
    })
  );
}

const IS_SHAPED: { readonly [Field in SettingField]: (value: unknown) => boolean } = {
  timezone: (value) => typeof value === 'string',
  dailyTargetSeconds: (value) => typeof value === 'number',
  dailyCheckInTarget: (value) => typeof value === 'number',
  organisationId: (value) => typeof value === 'string',
  freeze: (value) => isObject(value) && typeof value['earnEvery'] === 'number' && typeof value['cap'] === 'number',
  pauses: (value) => Array.isArray(value) && value.every(isShapedRange),
  leaderboardOptOut: (value) => typeof value === 'boolean',
};

function isShapedRange(range: unknown): boolean {
  return isObject(range) && typeof range['first'] === 'number' && typeof range['last'] === 'number';
}

/** Known fields only, as in every other place of an event. */
function settingOf(field: SettingField, value: unknown): unknown {
  if (field === 'freeze' && isObject(value)) return { earnEvery: value['earnEvery'], cap: value['cap'] };
  if (field === 'pauses' && Array.isArray(value)) return value.map(rangeOf);
  return value;
}

function rangeOf(range: unknown): unknown {
  return isObject(range) ? { first: dateOf(range['first']), last: dateOf(range['last']) } : range;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
