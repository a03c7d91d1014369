import { OTHER_INPUT_PARTITIONS } from '@streaks/testing/start-pipeline';
import type { Cast, Sent } from './cast';
import { createFriendship, createOrganisationChange, createUserChange, someOrganisation } from './create-settings';
import { DAY_MS, ZONES } from './simulated-time';

/** Every kind of event that stands for itself. `prefix` begins the ids of those that have one. */
export interface OtherSource {
  checkIn(prefix: string): Sent;
  settings(prefix: string): Sent;
  organisation(prefix: string): Sent;
  friendship(): Sent;
  erasure(): Sent;
}

export function createOthers(cast: Cast): OtherSource {
  const { below, nowMs, partitionOf } = cast;
  const named = (prefix: string): string => `${prefix}-${cast.nextNumber()}`;
  return {
    checkIn(prefix) {
      const person = cast.someoneWith('checksIn');
      const [checkInId, atMs] = [named(prefix), nowMs() + below(DAY_MS)];
      const timezone = ZONES[below(3)] ?? 'UTC';
      return {
        partition: partitionOf(person),
        event: { kind: 'check-in', checkIn: { userId: person.userId, checkInId, atMs, timezone } },
        isLasting: !person.isErased,
      };
    },
    settings(prefix) {
      const person = cast.someoneWith('hasSettings');
      const change = createUserChange(named(prefix), nowMs(), below);
      return {
        partition: partitionOf(person),
        event: { kind: 'settings', userId: person.userId, change },
        isLasting: false,
      };
    },
    organisation(prefix) {
      const change = createOrganisationChange(named(prefix), nowMs(), below);
      return {
        partition: below(OTHER_INPUT_PARTITIONS.organisations),
        event: { kind: 'organisation', organisationId: someOrganisation(below), change },
        isLasting: false,
      };
    },
    friendship() {
      const { userId } = cast.someoneWith('isErased');
      const other = cast.someone(below(cast.users)).userId;
      const event = createFriendship(userId, other === userId ? 'somebody-else' : other, nowMs(), below);
      return { partition: below(OTHER_INPUT_PARTITIONS.friendships), event, isLasting: false };
    },
    erasure() {
      const person = cast.someoneWith('isErased');
      return {
        partition: partitionOf(person),
        event: { kind: 'erasure', userId: person.userId },
        isLasting: false,
      };
    },
  };
}
