import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { createEventDecoder, type EventDecoder, type EventDecoderOptions } from './codec/event-decoder';
import { registerEvent } from './codec/event-encoder';
import { type FriendshipEvent, friendAdded, friendRemoved } from './records/friendship-changed';
import type { WithoutKey } from './user-event';

export { type FriendshipEvent, validateFriendshipEvent } from './records/friendship-changed';

export type FriendshipEventToSend = WithoutKey<FriendshipEvent>;

export type FriendshipEventDecoder = EventDecoder<FriendshipEvent>;

export interface FriendshipEventEncoder {
  /** The event in the Confluent wire format. Throws for a value that is no such event (a bug of the caller). */
  encode(event: FriendshipEventToSend): Buffer;
}

/** Reads the records of `friendship-events`. A JSON value without `type` is neither of them. */
export function createFriendshipEventDecoder(
  registry: Pick<SchemaRegistry, 'getSchema'>,
  options: EventDecoderOptions,
): FriendshipEventDecoder {
  const contract = { readers: [friendAdded, friendRemoved], typeWithoutName: undefined };
  return createEventDecoder<FriendshipEvent>(registry, contract, options);
}

/** Registers the schemas (harmless when several start at once). Throws what the registry client throws. */
export async function registerFriendshipEvents(
  registry: Pick<SchemaRegistry, 'register'>,
): Promise<FriendshipEventEncoder> {
  const [added, removed] = await Promise.all([
    registerEvent(registry, friendAdded),
    registerEvent(registry, friendRemoved),
  ]);
  return { encode: (event) => (event.isFriend ? added(event) : removed(event)) };
}
