import { type EventLimits, type Fault, idFaults } from '../../domain/events/faults';
import { type SettingsCandidate, settingsFaults } from '../../domain/settings/settings-change';
import { isOtherKey } from '../codec/key-mismatch';
import { type DecodeFault, invalidEvent } from '../decode-fault';
import type { DecodedSettings, WithoutKey } from '../user-event';
import { hasReplacement, type RecordContract } from './record-contract';
import {
  type ChangeRecord,
  changeFromAvro,
  changeHasReplacement,
  changeToAvro,
  isShapedChange,
  settingsCandidateOf,
  USER_SETTINGS,
} from './settings-fields';
import { SHAPE_ONLY } from './shape-only';

type UserSettingsChanged = ChangeRecord & { readonly userId: string };

export const userSettingsChanged: RecordContract<DecodedSettings> = {
  name: 'UserSettingsChanged',
  schemaFile: 'user-settings-changed.avsc',
  hasReplacement(record) {
    const changed = record as UserSettingsChanged;
    return hasReplacement(changed.userId) || changeHasReplacement(changed);
  },
  fromAvro(record, key) {
    const changed = record as UserSettingsChanged;
    const { userId } = changed;
    return {
      kind: 'settings',
      userId,
      change: changeFromAvro(changed, USER_SETTINGS),
      keyMismatch: isOtherKey(key, userId),
    };
  },
  fromJson(json, key) {
    const { userId } = json;
    const change = settingsCandidateOf(json, USER_SETTINGS);
    return typeof userId === 'string' && isShapedChange(change)
      ? { kind: 'settings', userId, change, keyMismatch: isOtherKey(key, userId) }
      : { fault: invalidSettings(userId, change, SHAPE_ONLY) };
  },
  toAvro: ({ userId, change }): UserSettingsChanged => ({ userId, ...changeToAvro(change, USER_SETTINGS) }),
};

/** The rules of a user's change as a fault, or undefined if it keeps them all. */
export function validateUserSettings(
  { userId, change }: WithoutKey<DecodedSettings>,
  limits: EventLimits,
): DecodeFault | undefined {
  return faultsOf(userId, change, limits).length === 0 ? undefined : invalidSettings(userId, change, limits);
}

function invalidSettings(userId: unknown, change: SettingsCandidate, limits: EventLimits): DecodeFault {
  return invalidEvent('INVALID_SETTINGS', { userId, eventId: change.changeId }, faultsOf(userId, change, limits));
}

function faultsOf(userId: unknown, change: SettingsCandidate, limits: EventLimits): readonly Fault[] {
  return [...idFaults('userId', userId), ...settingsFaults(change, limits)];
}
