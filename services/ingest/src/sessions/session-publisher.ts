import { kafkaHeaders } from '@streaks/shared/contracts/headers';
import type { SessionEncoder } from '@streaks/shared/contracts/session-codec';
import type { Session } from '@streaks/shared/domain/session';
import { type HttpProblem, type ProblemFault, problem } from '@streaks/shared/errors/problem';
import {
  BufferFullError,
  KafkaUnavailableError,
  RecordRefusedError,
  type ReliableProducer,
} from '@streaks/shared/kafka/reliable-producer';

/** What goes with a session into the record's headers. */
export type PublishContext = {
  readonly requestId: string;
  /** The Redis channel on which somebody waits for the outcome. */
  readonly replyTo?: string;
};

export type SessionPublisher = {
  /**
   * Resolves once every in-sync replica has the record. Rejects with BufferFullError, KafkaUnavailableError,
   * RecordRefusedError or EncoderUnavailableError; only RecordRefusedError is the fault of the session.
   */
  publish(session: Session, context: PublishContext): Promise<void>;
};

export class EncoderUnavailableError extends Error {
  override readonly name = 'EncoderUnavailableError';
}

export type SessionPublisherOptions = {
  readonly producer: Pick<ReliableProducer, 'send' | 'health'>;
  /** Undefined until the schema registry has answered for the first time. */
  readonly encoder: () => SessionEncoder | undefined;
  /** Once Kafka has failed for this long, sessions are refused at once instead of piling up until their timeout. */
  readonly refuseAfterMs: number;
  /** Monotonic milliseconds. */
  readonly monotonicMs: () => number;
  readonly observePublishSeconds: (seconds: number) => void;
};

export function createSessionPublisher(options: SessionPublisherOptions): SessionPublisher {
  const { producer, encoder, refuseAfterMs, monotonicMs } = options;
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
    async publish(session, { requestId, replyTo }) {
      const startedMs = monotonicMs();
      const ready = encoder();
      if (ready === undefined) throw new EncoderUnavailableError('the schema registry has not answered yet');
      refuseWhileKafkaIsAway(startedMs);
      const headers: Record<string, string> = { [kafkaHeaders.requestId]: requestId };
      if (replyTo !== undefined) headers[kafkaHeaders.replyTo] = replyTo;
      await producer.send({ key: session.userId, value: ready.encode(session), headers });
      options.observePublishSeconds((monotonicMs() - startedMs) / 1_000);
    },
  };
}

/** The 503 for a session that could not be published through no fault of its own; undefined for any other error. */
export function unavailableProblem(error: unknown): HttpProblem | undefined {
  if (error instanceof BufferFullError) {
    return problem({
      code: 'STREAKS_OVERLOADED',
      detail: 'repeat the request a little later',
      headers: { 'Retry-After': '1' },
    });
  }
  if (error instanceof KafkaUnavailableError) {
    const detail =
      error.outcome === 'unknown'
        ? 'the session may or may not have been stored; repeating it is safe'
        : 'the session was not stored; repeat it';
    return problem({ code: 'STREAKS_KAFKA_UNAVAILABLE', detail, headers: { 'Retry-After': '2' } });
  }
  if (error instanceof EncoderUnavailableError) {
    return problem({ code: 'STREAKS_REGISTRY_UNAVAILABLE', detail: error.message, headers: { 'Retry-After': '2' } });
  }
  return undefined;
}

/** The fault of a session that Kafka will never take; undefined for any other error. */
export function refusalFault(error: unknown): ProblemFault | undefined {
  return error instanceof RecordRefusedError
    ? { field: '', code: 'REFUSED_BY_KAFKA', message: error.message }
    : undefined;
}
