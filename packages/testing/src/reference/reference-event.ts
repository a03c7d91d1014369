/**
 * What the input topics hold, in types of the tests' own: nothing of the reference may depend on the product. Instants are epoch milliseconds, dates
 * ISO texts, as the JSON contract has them.
 */
import type { ReferenceSession } from '../reference-fold';

export interface ReferenceCheckIn {
  readonly userId: string;
  readonly checkInId: string;
  readonly atMs: number;
  readonly timezone: string;
}

export interface ReferenceFreezeRule {
  readonly earnEvery: number;
  readonly cap: number;
}

/** Both ends included. */
export interface ReferenceRange {
  readonly first: string;
  readonly last: string;
}

/** Absent: unchanged. Null: back to the default. */
export interface ReferenceSettings {
  readonly timezone?: string | null;
  readonly dailyTargetSeconds?: number | null;
  readonly dailyCheckInTarget?: number | null;
  readonly organisationId?: string | null;
  readonly freeze?: ReferenceFreezeRule | null;
  readonly pauses?: readonly ReferenceRange[] | null;
  readonly leaderboardOptOut?: boolean | null;
}

export interface ReferenceChange extends ReferenceSettings {
  readonly changeId: string;
  readonly changedAtMs: number;
  readonly effectiveFrom: string;
}

/** A record of `session-events`. */
export type ReferenceUserEvent =
  | { readonly kind: 'session'; readonly session: ReferenceSession }
  | { readonly kind: 'check-in'; readonly checkIn: ReferenceCheckIn }
  | { readonly kind: 'retraction'; readonly userId: string; readonly sessionId: string }
  | { readonly kind: 'settings'; readonly userId: string; readonly change: ReferenceChange }
  | { readonly kind: 'erasure'; readonly userId: string };

/** A record of `organisation-events`. */
export interface ReferenceOrganisationEvent {
  readonly kind: 'organisation';
  readonly organisationId: string;
  readonly change: ReferenceChange;
}

/** A record of `friendship-events`. */
export interface ReferenceFriendshipEvent {
  readonly kind: 'friendship';
  readonly userId: string;
  readonly friendId: string;
  readonly isFriend: boolean;
  readonly changedAtMs: number;
}

export type ReferenceEvent = ReferenceUserEvent | ReferenceOrganisationEvent | ReferenceFriendshipEvent;

/** An event, and the time that the broker gave its record: what an erasure reaches is told by that alone. */
export interface ReferenceRecord<Event extends ReferenceEvent = ReferenceEvent> {
  readonly event: Event;
  readonly recordTimeMs: number;
}

/** Of an event of one user. */
export function userOf(event: ReferenceUserEvent): string {
  if (event.kind === 'session') return event.session.userId;
  return event.kind === 'check-in' ? event.checkIn.userId : event.userId;
}
