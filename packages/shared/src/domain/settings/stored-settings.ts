import type { LocalDay } from '../calendar/local-day';
import { compareUtf8 } from '../utf8-order';
import { mergeRanges } from './day-ranges';
import type { SettingField, SettingsChange, SettingValues } from './settings-change';

/** What one change said of one setting. */
export interface Entry<Value> {
  /** The first day that it is meant for. */
  readonly from: LocalDay;
  readonly changedAtMs: number;
  readonly changeId: string;
  /** Of the Kafka record, in epoch milliseconds: an erasure removes what was recorded up to it. */
  readonly recordTimeMs: number;
  readonly value: Value;
}

/**
 * By setting, the entries of all changes that still count or would count again after an erasure, ascending by `from`. The
 * same for the same set of changes in whatever order they came. Plain JSON. Never mutated.
 */
export type StoredSettings = {
  readonly [Field in SettingField]?: readonly Entry<SettingValues[Field] | null>[];
};

export const noSettings: StoredSettings = Object.freeze({});

/** Whether a setting is a step function of the date. Of the others the latest change counts, for all days. */
const IS_DATED: { readonly [Field in SettingField]: boolean } = {
  timezone: false,
  dailyTargetSeconds: true,
  dailyCheckInTarget: true,
  organisationId: true,
  freeze: true,
  pauses: false,
  leaderboardOptOut: false,
};
const SETTING_FIELDS = Object.keys(IS_DATED) as readonly SettingField[];

/**
 * The settings with one more change; the same object where it tells nothing new. In whatever order changes are added, and
 * however often, the result is the same. What an erasure removed must not be added again: that is the caller's to see.
 */
export function addChange(stored: StoredSettings, change: SettingsChange, recordTimeMs: number): StoredSettings {
  return SETTING_FIELDS.reduce((result, field) => addField(result, field, change, recordTimeMs), stored);
}

/** The settings as they were without any change recorded up to an instant; the same object where there is none. */
export function withoutRecordedUpTo(stored: StoredSettings, recordTimeMs: number): StoredSettings {
  return SETTING_FIELDS.reduce((result, field) => withoutField(result, field, recordTimeMs), stored);
}

/**
 * Which of two changes is the later one (positive: the first): by the instant, then by the bytes of the id. Two with the
 * same instant and id and other content break the rule that ids are unique; their content decides, so that the order in which
 * they came does not.
 */
export function compareChanges(one: Entry<unknown>, other: Entry<unknown>): number {
  return (
    one.changedAtMs - other.changedAtMs ||
    compareUtf8(one.changeId, other.changeId) ||
    one.from - other.from ||
    compareUtf8(contentOf(one.value), contentOf(other.value))
  );
}

/** Equal for equal content: `jsonb` gives the members of an object back in an order of its own. */
const contentOf = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => compareUtf8(one, other)))
      : part,
  );

function addField<Field extends SettingField>(
  stored: StoredSettings,
  field: Field,
  change: SettingsChange,
  recordTimeMs: number,
): StoredSettings {
  const value: SettingsChange[Field] = change[field];
  if (value === undefined) {
    return stored;
  }
  const { effectiveFrom: from, changedAtMs, changeId } = change;
  const entries: readonly Entry<unknown>[] = stored[field] ?? [];
  const added: Entry<unknown> = { from, changedAtMs, changeId, recordTimeMs, value: normalise(change, field) };
  const isDated = IS_DATED[field];
  if (entries.some((entry) => replaces(entry, added, isDated))) {
    return stored;
  }
  const kept = entries.filter((entry) => !replaces(added, entry, isDated));
  return { ...stored, [field]: [...kept, added].sort(compareEntries) };
}

function withoutField(stored: StoredSettings, field: SettingField, recordTimeMs: number): StoredSettings {
  const entries: readonly Entry<unknown>[] = stored[field] ?? [];
  const kept = entries.filter((entry) => entry.recordTimeMs > recordTimeMs);
  if (kept.length === entries.length) {
    return stored;
  }
  const { [field]: _, ...others } = stored;
  return kept.length === 0 ? others : { ...others, [field]: kept };
}

/** Nothing but the contract's members, and pauses that say the same are the same. */
function normalise(change: SettingsChange, field: SettingField): unknown {
  const { freeze, pauses } = change;
  if (field === 'freeze' && freeze) {
    return { earnEvery: freeze.earnEvery, cap: freeze.cap };
  }
  return field === 'pauses' && pauses ? mergeRanges(pauses) : change[field];
}

/**
 * Whether one entry counts wherever the other one would, before any erasure and after it: it is the later change, meant for
 * no later days on, and was recorded no earlier, so that no erasure takes it and leaves the other.
 */
function replaces(one: Entry<unknown>, other: Entry<unknown>, isDated: boolean): boolean {
  return (
    one.recordTimeMs >= other.recordTimeMs && (!isDated || one.from <= other.from) && compareChanges(one, other) >= 0
  );
}

function compareEntries(one: Entry<unknown>, other: Entry<unknown>): number {
  return one.from - other.from || compareChanges(one, other) || one.recordTimeMs - other.recordTimeMs;
}
