import type { Projection, Rejected } from '@streaks/exactly-once/projection';
import {
  type OrganisationEvent,
  type OrganisationEventDecoder,
  validateOrganisationEvent,
} from '@streaks/shared/contracts/organisation-event-codec';
import { decodeRecords } from '../engines/decode-records';
import { applyOrganisations, type OrganisationsOutcome } from './apply-organisations';

export interface OrganisationsProjectionOptions {
  readonly decoder: OrganisationEventDecoder;
  /** How far after the record's own time a change may be. */
  readonly maxFutureMs: number;
  /** Called once after each COMMIT, synchronously. Must not throw. */
  readonly onCommitted?: ((outcome: OrganisationsOutcome, rejected: readonly Rejected[]) => void) | undefined;
}

/** Settings of organisations, as an engine's projection. What they change of streaks is the reevaluation's to find out. */
export function createOrganisationsProjection({
  decoder,
  maxFutureMs,
  onCommitted,
}: OrganisationsProjectionOptions): Projection<OrganisationEvent, never, OrganisationsOutcome> {
  return {
    decode: (records) => decodeRecords(decoder, validateOrganisationEvent, maxFutureMs, records),
    async apply(transaction, records) {
      return { changes: [], rejected: [], outcome: await applyOrganisations(transaction, records) };
    },
    async saveChanges() {},
    committed: ({ outcome, rejected }) => onCommitted?.(outcome, rejected),
  };
}
