import { type EventLimits, type Fault, futureFaults, idFaults, instantFaults } from '../../domain/events/faults';
import { isOtherKey } from '../codec/key-mismatch';
import { type DecodeFault, invalidEvent } from '../decode-fault';
import { instantOf } from './json-values';
import { hasReplacement, type JsonObject, type RecordContract } from './record-contract';
import { SHAPE_ONLY } from './shape-only';

/** A record of `friendship-events`: from an instant on two users are friends, or no longer. */
export interface FriendshipEvent {
  readonly kind: 'friendship';
  readonly userId: string;
  readonly friendId: string;
  readonly isFriend: boolean;
  readonly changedAtMs: number;
  /** The record's key is not the event's user. The value's rules; it is counted. */
  readonly keyMismatch: boolean;
}

interface FriendshipRecord {
  readonly userId: string;
  readonly friendId: string;
  readonly changedAt: number;
}

/** What may be such an event: every field may be missing or of another type (an instant that did not parse: undefined). */
export type FriendshipCandidate = { readonly [Field in 'userId' | 'friendId' | 'changedAtMs']?: unknown };

export const friendAdded = friendshipContract('FriendAdded', 'friend-added.avsc', true);
export const friendRemoved = friendshipContract('FriendRemoved', 'friend-removed.avsc', false);

/** Every fault of what claims to be a change of a friendship, in the order of its fields; none if it is one. Never throws. */
export function friendshipFaults(candidate: FriendshipCandidate, limits: EventLimits): readonly Fault[] {
  const { userId, friendId, changedAtMs } = candidate;
  return [
    ...idFaults('userId', userId),
    ...idFaults('friendId', friendId),
    ...(typeof userId === 'string' && userId === friendId ? [OWN_FRIEND] : []),
    ...instantFaults('changedAt', changedAtMs),
    ...futureFaults('changedAt', changedAtMs, limits),
  ];
}

/** The rules of such a change as a fault, or undefined if it keeps them all. */
export function validateFriendshipEvent(
  event: Pick<FriendshipEvent, 'userId' | 'friendId' | 'changedAtMs'>,
  limits: EventLimits,
): DecodeFault | undefined {
  return friendshipFaults(event, limits).length === 0 ? undefined : invalidFriendship(event, limits);
}

/** The fields of a JSON object as `friendshipFaults` judges them; what is missing or no instant is undefined. */
export function friendshipCandidateOf(json: JsonObject): FriendshipCandidate {
  return { userId: json['userId'], friendId: json['friendId'], changedAtMs: instantOf(json['changedAt']) };
}

const OWN_FRIEND: Fault = { field: 'friendId', code: 'OWN_FRIEND', message: 'friendId must not be userId' };

function friendshipContract(name: string, schemaFile: string, isFriend: boolean): RecordContract<FriendshipEvent> {
  const decoded = (userId: string, friendId: string, changedAtMs: number, key: Buffer | null): FriendshipEvent => ({
    kind: 'friendship',
    userId,
    friendId,
    isFriend,
    changedAtMs,
    keyMismatch: isOtherKey(key, userId),
  });
  return {
    name,
    schemaFile,
    hasReplacement(record) {
      const { userId, friendId } = record as FriendshipRecord;
      return hasReplacement(userId) || hasReplacement(friendId);
    },
    fromAvro(record, key) {
      const { userId, friendId, changedAt } = record as FriendshipRecord;
      return decoded(userId, friendId, changedAt, key);
    },
    fromJson(json, key) {
      const candidate = friendshipCandidateOf(json);
      const { userId, friendId, changedAtMs } = candidate;
      return typeof userId === 'string' && typeof friendId === 'string' && typeof changedAtMs === 'number'
        ? decoded(userId, friendId, changedAtMs, key)
        : { fault: invalidFriendship(candidate, SHAPE_ONLY) };
    },
    toAvro: ({ userId, friendId, changedAtMs }): FriendshipRecord => ({ userId, friendId, changedAt: changedAtMs }),
  };
}

function invalidFriendship(candidate: FriendshipCandidate, limits: EventLimits): DecodeFault {
  return invalidEvent('INVALID_FRIENDSHIP', { userId: candidate.userId }, friendshipFaults(candidate, limits));
}
