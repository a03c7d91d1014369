import type { Delivered, DiscardingSenderOptions, OutgoingRecord } from './discarding-sender';

export interface ReliableProducerOptions extends DiscardingSenderOptions {
  /** What may wait and be under way at once; past either `send` fails with BufferFullError. */
  readonly maxBufferedRecords: number;
  readonly maxBufferedBytes: number;
  /** Of one record, everything included. Keep below the topic's `max.message.bytes`. */
  readonly maxRecordBytes: number;
  /** How long the first record of a batch waits for company while nothing is under way. */
  readonly lingerMs: number;
  readonly maxBatchRecords: number;
  /** Keep below the topic's `max.message.bytes`: one partition may get the whole batch. */
  readonly maxBatchBytes: number;
  /** From `send` to acknowledgement; after that the record is rejected with KafkaUnavailableError. */
  readonly deliveryTimeoutMs: number;
  /** Pause after a failed try. */
  readonly retryBackoffMs: number;
  /** How often the number of partitions is read again, which also tells `health` about an idle Kafka. */
  readonly refreshMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface ReliableProducerStats {
  readonly bufferedRecords: number;
  readonly bufferedBytes: number;
  readonly acknowledged: number;
  readonly rejected: number;
  readonly batches: number;
  readonly failedAttempts: number;
  readonly producersCreated: number;
}

export interface ReliableProducerHealth {
  /** `starting` until Kafka has answered for the first time. */
  readonly state: 'starting' | 'ready' | 'failing' | 'closed';
  readonly lastError?: string;
}

export interface ReliableProducer {
  /**
   * Resolves once all in-sync replicas have the record. Rejects with BufferFullError (nothing taken),
   * RecordRefusedError (this record can never be stored) or KafkaUnavailableError (repeat it). Records of one key keep
   * their order; one whose acknowledgement was lost may be in the log twice.
   */
  send(record: OutgoingRecord): Promise<Delivered>;
  stats(): ReliableProducerStats;
  health(): ReliableProducerHealth;
  /** Takes no more records, sends what waits, and rejects what is not acknowledged by the deadline. */
  close(options: { readonly deadlineMs: number }): Promise<void>;
}
