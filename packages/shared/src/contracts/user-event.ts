import type { CheckIn } from '../domain/events/check-in';
import type { Session } from '../domain/events/session';
import type { SettingsChange } from '../domain/settings/settings-change';

interface OfARecord {
  /** The record's key is not the event's user. The value's rules; it is counted. */
  readonly keyMismatch: boolean;
}

/** SessionCompleted. */
export interface DecodedSession extends Session, OfARecord {
  readonly kind: 'session';
}

/** CheckInRecorded. */
export interface DecodedCheckIn extends CheckIn, OfARecord {
  readonly kind: 'check-in';
}

/** SessionRetracted: the session never counts, whichever of the two comes first. */
export interface DecodedRetraction extends OfARecord {
  readonly kind: 'retraction';
  readonly userId: string;
  readonly sessionId: string;
}

/** UserSettingsChanged. */
export interface DecodedSettings extends OfARecord {
  readonly kind: 'settings';
  readonly userId: string;
  readonly change: SettingsChange;
}

/** UserErased: what was recorded of the user up to this record never was. */
export interface DecodedErasure extends OfARecord {
  readonly kind: 'erasure';
  readonly userId: string;
}

/** A record of `session-events` as its producer sent it: of the right shape, not yet judged (`validateUserEvent`). */
export type UserEvent = DecodedSession | DecodedCheckIn | DecodedRetraction | DecodedSettings | DecodedErasure;

/** What one writes: the key follows from it. */
export type UserEventToSend = WithoutKey<UserEvent>;

/** An event without what only its record can tell. Of each alternative by itself. */
export type WithoutKey<Event> = Event extends OfARecord ? Omit<Event, keyof OfARecord> : never;
