import { noSettings, type StoredSettings } from '@streaks/shared/domain/settings/stored-settings';

/** What counts for a user beside sessions and check-ins: settings, retractions, an erasure. */
export interface SpecialUser {
  /** Sessions of theirs may have been retracted. */
  readonly hasRetractions: boolean;
  /** Record time of their newest erasure in epoch milliseconds: what was recorded up to it never was. -Infinity without one. */
  readonly erasedAtMs: number;
  /** All changes that still count, or would again after an erasure. */
  readonly settings: StoredSettings;
}

export type SpecialUsers = ReadonlyMap<string, SpecialUser>;

/** As all others are. */
export const usualUser: SpecialUser = Object.freeze({
  hasRetractions: false,
  erasedAtMs: Number.NEGATIVE_INFINITY,
  settings: noSettings,
});
