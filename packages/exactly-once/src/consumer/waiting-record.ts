import type { SourceRecord } from '../projection';

/** What the records of a batch have in common. */
export type BatchOrigin = Pick<SourceRecord, 'topic' | 'topicId' | 'partition'>;

/**
 * A record while it waits for its transaction: tens of thousands do, and what lives that long is copied by the garbage
 * collector. Its bytes stay where the fetch has them, and are most often never looked at again: buffers of key and value
 * are made when they are asked for.
 */
class WaitingRecord implements SourceRecord {
  readonly timestampMs: number;
  readonly headers: SourceRecord['headers'];
  private readonly origin: BatchOrigin;
  /** A bigint only past 2^53. */
  private readonly position: number | bigint;
  private readonly keyMemory: ArrayBufferLike | undefined;
  private readonly keyStart: number;
  private readonly keyLength: number;
  private readonly valueMemory: ArrayBufferLike | undefined;
  private readonly valueStart: number;
  private readonly valueLength: number;

  constructor(origin: BatchOrigin, { offset, timestampMs, headers, key, value }: SourceRecord) {
    const number = Number(offset);
    this.origin = origin;
    this.position = Number.isSafeInteger(number) ? number : offset;
    this.timestampMs = timestampMs;
    this.headers = headers;
    this.keyMemory = key?.buffer;
    this.keyStart = key?.byteOffset ?? 0;
    this.keyLength = key?.length ?? 0;
    this.valueMemory = value?.buffer;
    this.valueStart = value?.byteOffset ?? 0;
    this.valueLength = value?.length ?? 0;
  }

  get topic(): string {
    return this.origin.topic;
  }

  get topicId(): string {
    return this.origin.topicId;
  }

  get partition(): number {
    return this.origin.partition;
  }

  get offset(): bigint {
    return BigInt(this.position);
  }

  get key(): Buffer | null {
    return this.keyMemory === undefined ? null : Buffer.from(this.keyMemory, this.keyStart, this.keyLength);
  }

  get value(): Buffer | null {
    return this.valueMemory === undefined ? null : Buffer.from(this.valueMemory, this.valueStart, this.valueLength);
  }
}

/** The record in the form in which it waits. */
export const toWaitingRecord = (origin: BatchOrigin, record: SourceRecord): SourceRecord =>
  new WaitingRecord(origin, record);
