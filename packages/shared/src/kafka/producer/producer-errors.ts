/** The buffer holds all it may: nothing was taken. Try again later (HTTP: 503 with Retry-After). */
export class BufferFullError extends Error {
  readonly retriable = true;

  constructor(bufferedRecords: number, bufferedBytes: number) {
    super(`the producer's buffer is full: ${bufferedRecords} records, ${bufferedBytes} bytes`);
    this.name = 'BufferFullError';
  }
}

/**
 * Kafka did not acknowledge the record in time. With outcome `unknown` it may be in the log all the same, now or in a
 * moment; `not_sent` says that it was never handed to Kafka. Either way the caller may repeat it: consumers drop repeats.
 */
export class KafkaUnavailableError extends Error {
  readonly retriable = true;

  constructor(
    readonly outcome: 'unknown' | 'not_sent',
    cause: unknown,
  ) {
    super(`Kafka did not acknowledge: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'KafkaUnavailableError';
  }
}

/** This very record can never be stored (too large, refused by the broker). Others are not affected. */
export class RecordRefusedError extends Error {
  readonly retriable = false;

  constructor(detail: string, options?: ErrorOptions) {
    super(`the record was refused: ${detail}`, options);
    this.name = 'RecordRefusedError';
  }
}

/** Broker errors that one record of a batch can cause for all of it. */
const CAUSED_BY_A_RECORD = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'POLICY_VIOLATION',
]);

export function isCausedByARecord(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('type' in at && typeof at.type === 'string' && CAUSED_BY_A_RECORD.has(at.type)) return true;
  }
  return false;
}
