import { kafkaHeaders } from '@streaks/shared/contracts/headers';
import { KafkaUnavailableError, type ReliableProducer } from '@streaks/shared/kafka/producer/reliable-producer';
import { EncoderUnavailableError } from './publish-problems';

/** What goes with an event into the record's headers. */
export type PublishContext = {
  readonly requestId: string;
  /** Where somebody waits for the outcome: a Redis channel and an id, `<channel>#<id>`. */
  readonly replyTo?: string;
};

export type EventPublisher<Event> = {
  /**
   * Resolves once every in-sync replica has the record. Rejects with BufferFullError, KafkaUnavailableError,
   * RecordRefusedError or EncoderUnavailableError; only RecordRefusedError is the fault of the event.
   */
  publish(event: Event, context: PublishContext): Promise<void>;
};

export type EventPublisherOptions<Event> = {
  readonly producer: Pick<ReliableProducer, 'send' | 'health'>;
  readonly keyOf: (event: Event) => string;
  /** Undefined until the schema registry has answered for the first time. */
  readonly encoder: () => { encode(event: Event): Buffer } | undefined;
  /** Once Kafka has failed for this long, events are refused at once instead of piling up until their timeout. */
  readonly refuseAfterMs: number;
  /** Monotonic milliseconds. */
  readonly monotonicMs: () => number;
  readonly observePublishSeconds: (seconds: number) => void;
};

/** Publishes the events of one topic. */
export function createEventPublisher<Event>(options: EventPublisherOptions<Event>): EventPublisher<Event> {
  const { producer, keyOf, encoder, refuseAfterMs, monotonicMs } = options;
  let failingSinceMs: number | undefined;

  function refuseWhileKafkaIsAway(nowMs: number): void {
    const { state, lastError } = producer.health();
    if (state !== 'failing') {
      failingSinceMs = undefined;
      return;
    }
    failingSinceMs ??= nowMs;
    if (nowMs - failingSinceMs >= refuseAfterMs) {
      throw new KafkaUnavailableError('not_sent', lastError ?? 'no connection');
    }
  }

  return {
    async publish(event, { requestId, replyTo }) {
      const startedMs = monotonicMs();
      const ready = encoder();
      if (ready === undefined) throw new EncoderUnavailableError('the schema registry has not answered yet');
      refuseWhileKafkaIsAway(startedMs);
      const headers: Record<string, string> = { [kafkaHeaders.requestId]: requestId };
      if (replyTo !== undefined) headers[kafkaHeaders.replyTo] = replyTo;
      await producer.send({ key: keyOf(event), value: ready.encode(event), headers });
      options.observePublishSeconds((monotonicMs() - startedMs) / 1_000);
    },
  };
}
