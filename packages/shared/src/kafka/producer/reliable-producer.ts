import { createDiscardingSender, type Delivered, type OutgoingRecord } from './discarding-sender';
import type { ReliableProducer, ReliableProducerHealth, ReliableProducerOptions } from './producer-contract';
import { BufferFullError, isCausedByARecord, KafkaUnavailableError, RecordRefusedError } from './producer-errors';

export type { Delivered, OutgoingRecord, ProducerClient } from './discarding-sender';
export type {
  ReliableProducer,
  ReliableProducerHealth,
  ReliableProducerOptions,
  ReliableProducerStats,
} from './producer-contract';
export { BufferFullError, KafkaUnavailableError, RecordRefusedError } from './producer-errors';

interface PendingRecord {
  readonly record: OutgoingRecord;
  readonly bytes: number;
  readonly deadlineMs: number;
  wasSent: boolean;
  isSettled: boolean;
  readonly resolve: (delivered: Delivered) => void;
  readonly reject: (error: Error) => void;
}

const RECORD_OVERHEAD_BYTES = 32;

/**
 * A producer that never acknowledges what Kafka has not stored. One batch is under way at a time, what arrives meanwhile
 * goes with the next one (group commit), and every error costs the kafkajs producer its life (`createDiscardingSender`).
 */
export function createReliableProducer(options: ReliableProducerOptions): ReliableProducer {
  const { now, lingerMs, maxBatchRecords, maxBatchBytes, deliveryTimeoutMs } = options;
  const sender = createDiscardingSender(options);
  const counters = { acknowledged: 0, rejected: 0, batches: 0, failedAttempts: 0 };
  const queue: PendingRecord[] = [];
  let inFlight: readonly PendingRecord[] = [];
  let bufferedRecords = 0;
  let bufferedBytes = 0;
  let state: ReliableProducerHealth['state'] = 'starting';
  let lastError: Error | undefined;
  let lingerTimer: NodeJS.Timeout | undefined;
  let deadlineTimer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let wakeFromBackoff: (() => void) | undefined;

  function send(record: OutgoingRecord): Promise<Delivered> {
    const bytes = sizeOf(record);
    if (state === 'closed') return Promise.reject(new KafkaUnavailableError('not_sent', 'the producer is closed'));
    if (bytes > options.maxRecordBytes) {
      return Promise.reject(new RecordRefusedError(`${bytes} bytes, at most ${options.maxRecordBytes} are taken`));
    }
    if (bufferedRecords >= options.maxBufferedRecords || bufferedBytes + bytes > options.maxBufferedBytes) {
      return Promise.reject(new BufferFullError(bufferedRecords, bufferedBytes));
    }
    return new Promise((resolve, reject) => {
      const deadlineMs = now() + deliveryTimeoutMs;
      queue.push({ record, bytes, deadlineMs, wasSent: false, isSettled: false, resolve, reject });
      bufferedRecords += 1;
      bufferedBytes += bytes;
      scheduleDeadline();
      scheduleRun();
    });
  }

  function scheduleRun(): void {
    if (running !== undefined) return;
    if (queue.length >= maxBatchRecords || state === 'closed') run();
    else lingerTimer ??= setTimeout(run, lingerMs);
  }

  function run(): void {
    clearTimeout(lingerTimer);
    lingerTimer = undefined;
    running ??= drain().finally(() => {
      running = undefined;
      if (queue.length > 0) run();
    });
  }

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      inFlight = takeBatch();
      counters.batches += 1;
      await deliver(inFlight);
      inFlight = [];
    }
  }

  function takeBatch(): readonly PendingRecord[] {
    let count = 0;
    for (let bytes = 0; count < queue.length && count < maxBatchRecords; count += 1) {
      bytes += queue[count]?.bytes ?? 0;
      if (bytes > maxBatchBytes && count > 0) break;
    }
    return queue.splice(0, count);
  }

  /** Returns once every record is settled: acknowledged, refused, or out of time. */
  async function deliver(batch: readonly PendingRecord[]): Promise<void> {
    const groups: (readonly PendingRecord[])[] = [batch];
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
      const waiting = group.filter(({ isSettled }) => !isSettled);
      if (waiting.length === 0) continue;
      const failure = await attempt(waiting);
      if (failure === undefined) continue;
      if (!isCausedByARecord(failure)) {
        groups.unshift(waiting);
        await backoff();
      } else if (waiting.length > 1) {
        const middle = waiting.length >> 1;
        groups.unshift(waiting.slice(0, middle), waiting.slice(middle));
      } else {
        for (const pending of waiting) settle(pending, new RecordRefusedError(failure.message, { cause: failure }));
      }
    }
  }

  /** Undefined if all records were acknowledged. */
  async function attempt(waiting: readonly PendingRecord[]): Promise<Error | undefined> {
    for (const pending of waiting) pending.wasSent = true;
    try {
      const delivered = await sender.send(waiting.map(({ record }) => record));
      waiting.forEach((pending, index) => {
        settle(pending, delivered[index] ?? new Error('not acknowledged'));
      });
      noteSuccess();
      return undefined;
    } catch (error) {
      counters.failedAttempts += 1;
      // A record that Kafka refuses says nothing about Kafka.
      return isCausedByARecord(error) ? asError(error) : noteFailure(error);
    }
  }

  function settle(pending: PendingRecord, result: Delivered | Error): void {
    if (pending.isSettled) return;
    pending.isSettled = true;
    // Before the caller learns of it, so that its next record finds room.
    bufferedRecords -= 1;
    bufferedBytes -= pending.bytes;
    if (result instanceof Error) {
      counters.rejected += 1;
      pending.reject(result);
    } else {
      counters.acknowledged += 1;
      pending.resolve(result);
    }
  }

  function noteSuccess(): void {
    if (state !== 'closed') state = 'ready';
  }

  function noteFailure(error: unknown): Error {
    lastError = asError(error);
    if (state !== 'closed') state = 'failing';
    return lastError;
  }

  async function backoff(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, options.retryBackoffMs);
      wakeFromBackoff = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    wakeFromBackoff = undefined;
  }

  /** Deadlines grow in the order of arrival, so the oldest record's is the next one. */
  function scheduleDeadline(): void {
    if (deadlineTimer !== undefined) return;
    const oldest = inFlight.find(({ isSettled }) => !isSettled) ?? queue[0];
    if (oldest === undefined) return;
    deadlineTimer = setTimeout(
      () => {
        deadlineTimer = undefined;
        rejectOlderThan(now());
        scheduleDeadline();
      },
      Math.max(1, oldest.deadlineMs - now()),
    );
  }

  function rejectOlderThan(deadlineMs: number): void {
    const isExpired = (pending: PendingRecord) => !pending.isSettled && pending.deadlineMs <= deadlineMs;
    for (const pending of inFlight.filter(isExpired)) settle(pending, unavailable(pending));
    const kept = queue.findIndex((pending) => !isExpired(pending));
    for (const pending of queue.splice(0, kept === -1 ? queue.length : kept)) {
      settle(pending, unavailable(pending));
    }
    // What was in flight may all be settled now: nothing to wait for.
    if (inFlight.every(({ isSettled }) => isSettled)) wakeFromBackoff?.();
  }

  function unavailable({ wasSent }: PendingRecord): KafkaUnavailableError {
    return new KafkaUnavailableError(wasSent ? 'unknown' : 'not_sent', lastError ?? 'no answer in time');
  }

  async function drained(): Promise<void> {
    while (running !== undefined) await running;
  }

  function refresh(): void {
    sender.refresh().then(noteSuccess, noteFailure);
  }

  const refreshTimer = setInterval(refresh, options.refreshMs);
  refresh();

  return {
    send,
    stats: () => ({ bufferedRecords, bufferedBytes, ...counters, producersCreated: sender.producersCreated }),
    health: () => ({
      state,
      ...(lastError !== undefined && state === 'failing' ? { lastError: lastError.message } : {}),
    }),
    async close({ deadlineMs }) {
      clearInterval(refreshTimer);
      state = 'closed';
      if (queue.length > 0) run();
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          rejectOlderThan(Number.POSITIVE_INFINITY);
          // A try that hangs may go on; nobody waits for it any more.
          sender.close().then(resolve, resolve);
          resolve();
        }, deadlineMs);
      });
      await Promise.race([drained().then(sender.close).then(sender.settled), deadline]);
      clearTimeout(timer);
      clearTimeout(deadlineTimer);
    },
  };
}

function sizeOf({ key, value, headers }: OutgoingRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + Buffer.byteLength(key ?? '') + (value?.length ?? 0);
  for (const [name, values] of Object.entries(headers ?? {})) {
    const list = typeof values === 'string' || Buffer.isBuffer(values) ? [values] : values;
    for (const value of list) bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 4;
  }
  return bytes;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
