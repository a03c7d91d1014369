import {
  type ReferenceChange,
  type ReferenceFriendshipEvent,
  type ReferenceRecord,
  type ReferenceUserEvent,
  userOf,
} from './reference-event';
import type { ReferenceTargets } from './reference-streak';
import { type ReferenceAccount, referenceUser } from './reference-user';

/** A pair of users, in the order of their bytes, as its latest change left it. */
export interface ReferenceFriendship {
  readonly first: string;
  readonly second: string;
  readonly isFriend: boolean;
  readonly changedAtMs: number;
}

/** What all records of the input topics amount to. */
export interface ReferenceWorld {
  readonly users: ReadonlyMap<string, ReferenceAccount>;
  /** By the two ids with a space between them. */
  readonly friendships: ReadonlyMap<string, ReferenceFriendship>;
  readonly recordsOf: (userId: string) => UserRecords;
  /** What other records of one user would amount to. */
  readonly fold: (records: UserRecords) => ReferenceAccount;
}

export type UserRecords = readonly ReferenceRecord<ReferenceUserEvent>[];

/** Folds all records, in the order of commit where two of one id contradict each other; otherwise their order says nothing. */
export function referenceLog(records: Iterable<ReferenceRecord>, targets: ReferenceTargets): ReferenceWorld {
  const byUser = new Map<string, ReferenceRecord<ReferenceUserEvent>[]>();
  const organisations = new Map<string, ReferenceChange[]>();
  const friendships: ReferenceRecord<ReferenceFriendshipEvent>[] = [];
  for (const { event, recordTimeMs } of records) {
    if (event.kind === 'organisation') append(organisations, event.organisationId, event.change);
    else if (event.kind === 'friendship') friendships.push({ event, recordTimeMs });
    else append(byUser, userOf(event), { event, recordTimeMs });
  }
  const options = { targets, organisations };
  const users = new Map([...byUser].map(([userId, ofUser]) => [userId, referenceUser(ofUser, options)]));
  const erasedAtMs = (userId: string): number => users.get(userId)?.erasedAtMs ?? Number.NEGATIVE_INFINITY;
  return {
    users,
    friendships: foldFriendships(
      friendships.filter(
        ({ event: { userId, friendId }, recordTimeMs }) =>
          recordTimeMs > erasedAtMs(userId) && recordTimeMs > erasedAtMs(friendId),
      ),
    ),
    recordsOf: (userId) => byUser.get(userId) ?? [],
    fold: (ofUser) => referenceUser(ofUser, options),
  };
}

function append<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/** The greatest instant counts; of two at the same one, the removal. */
function foldFriendships(
  records: readonly ReferenceRecord<ReferenceFriendshipEvent>[],
): Map<string, ReferenceFriendship> {
  const pairs = new Map<string, ReferenceFriendship>();
  for (const { event } of records) {
    const { isFriend, changedAtMs } = event;
    const [first = '', second = ''] = [event.userId, event.friendId].sort((one, other) =>
      Buffer.compare(Buffer.from(one), Buffer.from(other)),
    );
    const key = `${first} ${second}`;
    const before = pairs.get(key);
    const counts =
      before === undefined ||
      changedAtMs > before.changedAtMs ||
      (changedAtMs === before.changedAtMs && before.isFriend && !isFriend);
    if (counts) pairs.set(key, { first, second, isFriend, changedAtMs });
  }
  return pairs;
}
