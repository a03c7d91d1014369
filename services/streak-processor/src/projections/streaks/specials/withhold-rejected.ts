import type { Rejected } from '@streaks/exactly-once/projection';
import { isValidId } from '@streaks/shared/domain/events/id';
import { recordTimeOf } from '../../../engines/decode-records';
import { type SpecialUsers, usualUser } from './special-user';

/** Whose record it is: the user that its value names, else the one that is its key. Undefined where neither can be a user. */
function ownerOf({ source, rejection }: Rejected): string | undefined {
  const owner = rejection.userId ?? source.key?.toString('utf8');
  return owner !== undefined && isValidId(owner) ? owner : undefined;
}

export function* ownersOf(rejected: readonly Rejected[]): Iterable<string> {
  for (const record of rejected) {
    const owner = ownerOf(record);
    if (owner !== undefined) yield owner;
  }
}

/** Those of users who were erased after the record came: their dead letters would keep what the erasure removes. */
export function withholdRejected(rejected: readonly Rejected[], specials: SpecialUsers): ReadonlySet<Rejected> {
  const withheld = new Set<Rejected>();
  for (const record of rejected) {
    const owner = ownerOf(record);
    const { erasedAtMs } = (owner === undefined ? undefined : specials.get(owner)) ?? usualUser;
    if (recordTimeOf(record.source) <= erasedAtMs) withheld.add(record);
  }
  return withheld;
}
