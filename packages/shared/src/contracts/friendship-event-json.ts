import { z } from 'zod';
import { idField, instantField, typeField } from './json-fields';
import { friendAdded, friendRemoved } from './records/friendship-changed';

/** The values of `friendship-events` as JSON. On Kafka fields that are not named here are ignored. */
const friendshipFields = {
  userId: idField('One of the two; also the key of the Kafka record', 'ada'),
  friendId: idField('The other one', 'grace'),
  changedAt: instantField('When; of all changes of the two the latest counts', '2025-01-17T08:00:00Z'),
};

export const friendAddedJson = z
  .object({ type: typeField(friendAdded.name), ...friendshipFields })
  .meta({ id: friendAdded.name, description: 'Two users are friends from an instant on' });

export const friendRemovedJson = z
  .object({ type: typeField(friendRemoved.name), ...friendshipFields })
  .meta({ id: friendRemoved.name, description: 'Two users are friends no longer from an instant on' });

export type FriendAddedJson = z.infer<typeof friendAddedJson>;
export type FriendRemovedJson = z.infer<typeof friendRemovedJson>;
