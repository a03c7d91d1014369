import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import type { AdditiveEvent, RuleSource } from '../additive/rule-source';

/** A batch's events by identity. Events are named by their index in the batch, which is record order. */
export interface OrderedEvents {
  /** The first event of each identity, by the bytes of (userId, id): the order in which rows are locked. */
  readonly firsts: readonly number[];
  /** The others, each with the first one of its identity. */
  readonly repeats: readonly { readonly repeat: number; readonly first: number }[];
}

/** Of the events at `places`, ascending. */
export function orderEvents<Event extends AdditiveEvent>(
  { idOf }: Pick<RuleSource<Event>, 'idOf'>,
  events: readonly Event[],
  places: Iterable<number> = events.keys(),
): OrderedEvents {
  const order = Array.from(places);
  // The sort is stable: of one identity the first in record order stays first.
  order.sort((one, other) => {
    const left = events[one] as Event;
    const right = events[other] as Event;
    return compareUtf8(left.userId, right.userId) || compareUtf8(idOf(left), idOf(right));
  });

  const firsts: number[] = [];
  const repeats: { repeat: number; first: number }[] = [];
  let previous: Event | undefined;
  for (const index of order) {
    const event = events[index] as Event;
    const first = firsts.at(-1);
    if (
      first !== undefined &&
      previous !== undefined &&
      idOf(previous) === idOf(event) &&
      previous.userId === event.userId
    ) {
      repeats.push({ repeat: index, first });
    } else {
      firsts.push(index);
      previous = event;
    }
  }
  return { firsts, repeats };
}
