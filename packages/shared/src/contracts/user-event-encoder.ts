import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { registerEvent } from './codec/event-encoder';
import { checkInRecorded } from './records/check-in-recorded';
import { sessionCompleted } from './records/session-completed';
import { sessionRetracted } from './records/session-retracted';
import { userErased } from './records/user-erased';
import { userSettingsChanged } from './records/user-settings-changed';
import type { UserEventToSend } from './user-event';

export interface UserEventEncoder {
  /** The event in the Confluent wire format. Throws for a value that is no such event (a bug of the caller). */
  encode(event: UserEventToSend): Buffer;
}

/**
 * Registers the schemas of `session-events` (subjects are the records' full names, BACKWARD; harmless when several start
 * at once) and gives an encoder that needs the registry no more. Throws what the registry client throws.
 */
export async function registerUserEvents(registry: Pick<SchemaRegistry, 'register'>): Promise<UserEventEncoder> {
  const [session, checkIn, retraction, settings, erasure] = await Promise.all([
    registerEvent(registry, sessionCompleted),
    registerEvent(registry, checkInRecorded),
    registerEvent(registry, sessionRetracted),
    registerEvent(registry, userSettingsChanged),
    registerEvent(registry, userErased),
  ]);
  return {
    encode(event) {
      switch (event.kind) {
        case 'session':
          return session(event);
        case 'check-in':
          return checkIn(event);
        case 'retraction':
          return retraction(event);
        case 'settings':
          return settings(event);
        case 'erasure':
          return erasure(event);
      }
    },
  };
}
