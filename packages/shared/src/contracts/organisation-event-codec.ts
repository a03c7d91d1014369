import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { createEventDecoder, type EventDecoder, type EventDecoderOptions } from './codec/event-decoder';
import { registerEvent } from './codec/event-encoder';
import { type OrganisationEvent, organisationSettingsChanged } from './records/organisation-settings-changed';
import type { WithoutKey } from './user-event';

export { type OrganisationEvent, validateOrganisationEvent } from './records/organisation-settings-changed';

export type OrganisationEventToSend = WithoutKey<OrganisationEvent>;

export type OrganisationEventDecoder = EventDecoder<OrganisationEvent>;

export interface OrganisationEventEncoder {
  /** The event in the Confluent wire format. Throws for a value that is no such event (a bug of the caller). */
  encode(event: OrganisationEventToSend): Buffer;
}

/** Reads the records of `organisation-events`. A JSON value needs no `type`. */
export function createOrganisationEventDecoder(
  registry: Pick<SchemaRegistry, 'getSchema'>,
  options: EventDecoderOptions,
): OrganisationEventDecoder {
  const contract = { readers: [organisationSettingsChanged], typeWithoutName: organisationSettingsChanged.name };
  return createEventDecoder<OrganisationEvent>(registry, contract, options);
}

/** Registers the schema (harmless when several start at once). Throws what the registry client throws. */
export async function registerOrganisationEvents(
  registry: Pick<SchemaRegistry, 'register'>,
): Promise<OrganisationEventEncoder> {
  return { encode: await registerEvent(registry, organisationSettingsChanged) };
}
