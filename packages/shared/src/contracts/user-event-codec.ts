import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { SessionLimits } from '../domain/events/session';
import { createEventDecoder, type EventDecoder, type EventDecoderOptions } from './codec/event-decoder';
import type { DecodeFault } from './decode-fault';
import { checkInRecorded, validateCheckIn } from './records/check-in-recorded';
import { sessionCompleted, validateSession } from './records/session-completed';
import { sessionRetracted, validateRetraction } from './records/session-retracted';
import { userErased, validateErasure } from './records/user-erased';
import { userSettingsChanged, validateUserSettings } from './records/user-settings-changed';
import type { UserEvent, UserEventToSend } from './user-event';

export type UserEventDecoder = EventDecoder<UserEvent>;

/** Reads the records of `session-events`. A JSON value without `type` is a session. */
export function createUserEventDecoder(
  registry: Pick<SchemaRegistry, 'getSchema'>,
  options: EventDecoderOptions,
): UserEventDecoder {
  return createEventDecoder<UserEvent>(
    registry,
    {
      readers: [sessionCompleted, checkInRecorded, sessionRetracted, userSettingsChanged, userErased],
      typeWithoutName: sessionCompleted.name,
    },
    options,
  );
}

/** The rules of an event as a fault that names all that it breaks, or undefined if it keeps them all. */
export function validateUserEvent(event: UserEvent | UserEventToSend, limits: SessionLimits): DecodeFault | undefined {
  switch (event.kind) {
    case 'session':
      return validateSession(event, limits);
    case 'check-in':
      return validateCheckIn(event, limits);
    case 'retraction':
      return validateRetraction(event);
    case 'settings':
      return validateUserSettings(event, limits);
    case 'erasure':
      return validateErasure(event);
  }
}
