import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import type { HttpProblem, ProblemFault } from '@streaks/shared/errors/problem';
import type { EventPublisher, PublishContext } from '../../publishing/event-publisher';
import { refusalFault, unavailableProblem } from '../../publishing/publish-problems';
import type { Judged } from '../judge-session';

/** What became of one item of a batch; `index` counts from 0 in the order sent. */
export type ItemResult = {
  readonly index: number;
  readonly status: 'accepted' | 'rejected';
  readonly sessionId?: string;
  readonly errors?: readonly ProblemFault[];
};

export type BatchOutcome =
  | { readonly kind: 'published'; readonly results: readonly ItemResult[]; readonly accepted: number }
  /** Some of the good items may be in the log; none of them is acknowledged, repeating all of them is safe. */
  | { readonly kind: 'unavailable'; readonly problem: HttpProblem };

/** Publishes the good items of a batch at once and tells of each item, in order. One bad item never rejects the others. */
export async function publishBatch(
  items: readonly Judged[],
  firstIndex: number,
  publisher: EventPublisher<UserEventToSend>,
  context: PublishContext,
): Promise<BatchOutcome> {
  const settled = await Promise.allSettled(
    items.map((item) => ('session' in item ? publisher.publish(item.session, context) : undefined)),
  );
  const results: ItemResult[] = [];
  let accepted = 0;
  for (const [offset, item] of items.entries()) {
    const index = firstIndex + offset;
    const publication = settled[offset];
    if (!('session' in item)) {
      results.push({
        index,
        status: 'rejected',
        ...(item.sessionId === undefined ? {} : { sessionId: item.sessionId }),
        errors: item.faults,
      });
      continue;
    }
    const { sessionId } = item.session;
    if (publication?.status !== 'rejected') {
      accepted += 1;
      results.push({ index, status: 'accepted', sessionId });
      continue;
    }
    const unavailable = unavailableProblem(publication.reason);
    if (unavailable !== undefined) return { kind: 'unavailable', problem: unavailable };
    const fault = refusalFault(publication.reason);
    if (fault === undefined) throw publication.reason;
    results.push({ index, status: 'rejected', sessionId, errors: [fault] });
  }
  return { kind: 'published', results, accepted };
}
