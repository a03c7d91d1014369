import { type HttpProblem, type ProblemFault, problem } from '@streaks/shared/errors/problem';
import {
  BufferFullError,
  KafkaUnavailableError,
  RecordRefusedError,
} from '@streaks/shared/kafka/producer/reliable-producer';

export class EncoderUnavailableError extends Error {
  override readonly name = 'EncoderUnavailableError';
}

/** The 503 for what could not be published through no fault of its own; undefined for any other error. */
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
        ? 'what was sent may or may not have been stored; repeating it is safe'
        : 'what was sent was not stored; repeat it';
    return problem({ code: 'STREAKS_KAFKA_UNAVAILABLE', detail, headers: { 'Retry-After': '2' } });
  }
  if (error instanceof EncoderUnavailableError) {
    return problem({ code: 'STREAKS_REGISTRY_UNAVAILABLE', detail: error.message, headers: { 'Retry-After': '2' } });
  }
  return undefined;
}

/** The fault of an event that Kafka will never take; undefined for any other error. */
export function refusalFault(error: unknown): ProblemFault | undefined {
  return error instanceof RecordRefusedError
    ? { field: '', code: 'REFUSED_BY_KAFKA', message: error.message }
    : undefined;
}
