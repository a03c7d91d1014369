import type { Session } from '@streaks/shared/domain/session';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';

/** A batch's sessions by identity. Sessions are named by their index in the batch, which is record order. */
export interface OrderedSessions {
  /** The first session of each identity, by the bytes of (userId, sessionId): the order in which rows are locked. */
  readonly firsts: readonly number[];
  /** The others, each with the first one of its identity. */
  readonly repeats: readonly { readonly repeat: number; readonly first: number }[];
}

export function orderSessions(sessions: readonly Session[]): OrderedSessions {
  const order = sessions.map((_, index) => index);
  // The sort is stable: of one identity the first in record order stays first.
  order.sort((one, other) => compareIdentity(sessions[one] as Session, sessions[other] as Session));

  const firsts: number[] = [];
  const repeats: { repeat: number; first: number }[] = [];
  let previous: Session | undefined;
  for (const index of order) {
    const session = sessions[index] as Session;
    const first = firsts.at(-1);
    if (first !== undefined && previous !== undefined && isSameIdentity(previous, session)) {
      repeats.push({ repeat: index, first });
    } else {
      firsts.push(index);
      previous = session;
    }
  }
  return { firsts, repeats };
}

function compareIdentity(one: Session, other: Session): number {
  return compareUtf8(one.userId, other.userId) || compareUtf8(one.sessionId, other.sessionId);
}

function isSameIdentity(one: Session, other: Session): boolean {
  return one.sessionId === other.sessionId && one.userId === other.userId;
}
