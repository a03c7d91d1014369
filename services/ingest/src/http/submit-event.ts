import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import { problem } from '@streaks/shared/errors/problem';
import type { ProblemCode } from '@streaks/shared/errors/problem-catalog';
import type { EventResult, IngestMetrics } from '../metrics';
import type { EventPublisher, PublishContext } from '../publishing/event-publisher';
import { refusalFault, unavailableProblem } from '../publishing/publish-problems';
import type { EventOutcome } from '../waiting/event-outcome';
import type { AwaitedEvent, ReplyListener } from '../waiting/reply-listener';

/** What came of an event that Kafka has. */
export type Submission =
  /** Nobody asked to wait, or nobody could be waited for. */
  | { readonly waitedSeconds: 0 }
  /** Without an outcome the time ran out. */
  | { readonly waitedSeconds: number; readonly outcome: EventOutcome | undefined };

export type SubmitOptions = {
  readonly users: EventPublisher<UserEventToSend>;
  readonly replies: ReplyListener;
  readonly metrics: Pick<IngestMetrics, 'countWait'>;
};

export type SubmitRequest = {
  readonly requestId: string;
  readonly waitSeconds: number;
  /** Told once, when it is known whether Kafka has the event. */
  readonly count: (result: EventResult) => void;
  /** Of the answer to an event that Kafka will never take. */
  readonly refusal: ProblemCode;
};

/**
 * Publishes what a user did and waits for what the processor says of it, if that was asked for.
 * @throws {HttpProblem} when it was not published
 */
export async function submitUserEvent(
  event: UserEventToSend,
  request: SubmitRequest,
  { users, replies, metrics }: SubmitOptions,
): Promise<Submission> {
  const { requestId, waitSeconds } = request;
  // Listening before the record is there to be processed: the reply cannot be missed.
  const waiter = waitSeconds === 0 ? undefined : replies.expect(awaitedOf(event));
  try {
    await publishEvent(
      users,
      event,
      request,
      waiter === undefined ? { requestId } : { requestId, replyTo: waiter.replyTo },
    );
  } catch (error) {
    waiter?.cancel();
    throw error;
  }
  if (waiter === undefined) return { waitedSeconds: 0 };
  const outcome = await waiter.outcome(waitSeconds * 1_000);
  metrics.countWait(outcome?.outcome ?? 'timed_out');
  return { waitedSeconds: waitSeconds, outcome };
}

/**
 * Publishes one event of any topic.
 * @throws {HttpProblem} when it was not published
 */
export async function publishEvent<Event>(
  publisher: EventPublisher<Event>,
  event: Event,
  { count, refusal }: Pick<SubmitRequest, 'count' | 'refusal'>,
  context: PublishContext,
): Promise<void> {
  try {
    await publisher.publish(event, context);
  } catch (error) {
    const unavailable = unavailableProblem(error);
    if (unavailable !== undefined) {
      count('unavailable');
      throw unavailable;
    }
    const fault = refusalFault(error);
    if (fault === undefined) throw error;
    count('rejected');
    throw problem({ code: refusal, errors: [fault] });
  }
  count('accepted');
}

function awaitedOf(event: UserEventToSend): AwaitedEvent {
  const { userId } = event;
  switch (event.kind) {
    case 'session':
    case 'retraction':
      return { userId, eventId: event.sessionId };
    case 'check-in':
      return { userId, eventId: event.checkInId };
    case 'settings':
      return { userId, eventId: event.change.changeId };
    case 'erasure':
      return { userId };
  }
}
