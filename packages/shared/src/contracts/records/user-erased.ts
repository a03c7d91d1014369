import { idFaults } from '../../domain/events/faults';
import { isOtherKey } from '../codec/key-mismatch';
import { type DecodeFault, invalidEvent } from '../decode-fault';
import type { DecodedErasure } from '../user-event';
import { hasReplacement, type RecordContract } from './record-contract';

interface UserErased {
  readonly userId: string;
}

export const userErased: RecordContract<DecodedErasure> = {
  name: 'UserErased',
  schemaFile: 'user-erased.avsc',
  hasReplacement: (record) => hasReplacement((record as UserErased).userId),
  fromAvro(record, key) {
    const { userId } = record as UserErased;
    return { kind: 'erasure', userId, keyMismatch: isOtherKey(key, userId) };
  },
  fromJson(json, key) {
    const { userId } = json;
    return typeof userId === 'string'
      ? { kind: 'erasure', userId, keyMismatch: isOtherKey(key, userId) }
      : { fault: invalidErasure(userId) };
  },
  toAvro: ({ userId }): UserErased => ({ userId }),
};

/** The rules of an erasure as a fault, or undefined if it keeps them all. */
export function validateErasure({ userId }: UserErased): DecodeFault | undefined {
  return idFaults('userId', userId).length === 0 ? undefined : invalidErasure(userId);
}

function invalidErasure(userId: unknown): DecodeFault {
  return invalidEvent('INVALID_ERASURE', { userId }, idFaults('userId', userId));
}
