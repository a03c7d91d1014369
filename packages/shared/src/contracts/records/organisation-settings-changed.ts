import { type EventLimits, type Fault, idFaults } from '../../domain/events/faults';
import { type SettingsCandidate, type SettingsChange, settingsFaults } from '../../domain/settings/settings-change';
import { isOtherKey } from '../codec/key-mismatch';
import { type DecodeFault, invalidEvent } from '../decode-fault';
import { hasReplacement, type RecordContract } from './record-contract';
import {
  type ChangeRecord,
  changeFromAvro,
  changeToAvro,
  isShapedChange,
  ORGANISATION_SETTINGS,
  settingsCandidateOf,
} from './settings-fields';
import { SHAPE_ONLY } from './shape-only';

/** A record of `organisation-events`; `change` has targets and freeze rule only. */
export interface OrganisationEvent {
  readonly kind: 'organisation-settings';
  readonly organisationId: string;
  readonly change: SettingsChange;
  /** The record's key is not the organisation. The value's rules; it is counted. */
  readonly keyMismatch: boolean;
}

type OrganisationSettingsChanged = Omit<ChangeRecord, 'organisationId'> & { readonly organisationId: string };

export const organisationSettingsChanged: RecordContract<OrganisationEvent> = {
  name: 'OrganisationSettingsChanged',
  schemaFile: 'organisation-settings-changed.avsc',
  hasReplacement(record) {
    const { organisationId, changeId } = record as OrganisationSettingsChanged;
    return hasReplacement(organisationId) || hasReplacement(changeId);
  },
  fromAvro(record, key) {
    const { organisationId, ...changed } = record as OrganisationSettingsChanged;
    return {
      kind: 'organisation-settings',
      organisationId,
      change: changeFromAvro(changed, ORGANISATION_SETTINGS),
      keyMismatch: isOtherKey(key, organisationId),
    };
  },
  fromJson(json, key) {
    const { organisationId } = json;
    const change = settingsCandidateOf(json, ORGANISATION_SETTINGS);
    return typeof organisationId === 'string' && isShapedChange(change)
      ? { kind: 'organisation-settings', organisationId, change, keyMismatch: isOtherKey(key, organisationId) }
      : { fault: invalidSettings(organisationId, change, SHAPE_ONLY) };
  },
  toAvro: ({ organisationId, change }): OrganisationSettingsChanged => ({
    ...changeToAvro(change, ORGANISATION_SETTINGS),
    organisationId,
  }),
};

/** The rules of an organisation's change as a fault, or undefined if it keeps them all. */
export function validateOrganisationEvent(
  { organisationId, change }: Pick<OrganisationEvent, 'organisationId' | 'change'>,
  limits: EventLimits,
): DecodeFault | undefined {
  return faultsOf(organisationId, change, limits).length === 0
    ? undefined
    : invalidSettings(organisationId, change, limits);
}

function invalidSettings(organisationId: unknown, change: SettingsCandidate, limits: EventLimits): DecodeFault {
  return invalidEvent('INVALID_SETTINGS', { eventId: change.changeId }, faultsOf(organisationId, change, limits));
}

function faultsOf(organisationId: unknown, change: SettingsCandidate, limits: EventLimits): readonly Fault[] {
  return [...idFaults('organisationId', organisationId), ...settingsFaults(change, limits)];
}
