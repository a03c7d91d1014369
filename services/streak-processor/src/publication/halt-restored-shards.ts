import { setTimeout as delay } from 'node:timers/promises';
import { type GroupOffset, judgeMark } from '@streaks/exactly-once/publish/mark';
import type { PublicationStore } from '@streaks/exactly-once/publish/publisher-options';
import type { Logger } from '@streaks/shared/observability/create-logger';
import { type Kafka, KafkaJSError } from 'kafkajs';

export interface HaltRestoredOptions {
  readonly createKafka: () => Kafka;
  readonly store: Pick<PublicationStore, 'read' | 'halt'>;
  /** Whose group's offsets are the marks. */
  readonly topic: string;
  readonly groupId: string;
  readonly shardCount: number;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly signal: AbortSignal;
}

const RETRY_MS = 500;

/**
 * Halts each shard of which Kafka has more than Postgres: the database is older than what was published. It must be done before anything is
 * applied. The input is read again from the older position, and once its rows have used up the numbers that were published before the
 * restore, a publisher finds nothing wrong with its mark and leaves out whatever rows bear those numbers now.
 * Asks until Kafka and Postgres answer, or until `signal`.
 */
export async function haltRestoredShards(options: HaltRestoredOptions): Promise<void> {
  const { signal, logger } = options;
  while (!signal.aborted) {
    try {
      await haltOnce(options);
      return;
    } catch (error) {
      // While a cluster starts, the coordinator of a group is not there yet: no news, and no trace of it.
      if (isRetriable(error)) logger.info({ reason: error.message }, 'marks_not_read');
      else logger.warn({ err: error }, 'marks_not_read');
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

const isRetriable = (error: unknown): error is KafkaJSError => error instanceof KafkaJSError && error.retriable;

async function haltOnce({ store, shardCount, logger, ...options }: HaltRestoredOptions): Promise<void> {
  const marks = await readMarks(options);
  const shards = Array.from({ length: shardCount }, (_, shard) => shard);
  // After the marks: out_seq only grows, and a mark of another process is never ahead of it.
  for (const row of await store.read(shards)) {
    if (row.haltReason !== null) continue;
    const judged = judgeMark(marks.get(row.shard) ?? { offset: -1n, metadata: null }, row);
    if (judged.kind !== 'halt') continue;
    await store.halt(row.shard, judged.reason, judged.detail);
    logger.error({ shard: row.shard, reason: judged.reason, detail: judged.detail }, 'shard_halted');
  }
}

async function readMarks({
  createKafka,
  topic,
  groupId,
}: Pick<HaltRestoredOptions, 'createKafka' | 'topic' | 'groupId'>): Promise<ReadonlyMap<number, GroupOffset>> {
  const admin = createKafka().admin();
  await admin.connect();
  try {
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return new Map(
      (found?.partitions ?? []).map(({ partition, offset, metadata }) => [
        partition,
        { offset: BigInt(offset), metadata },
      ]),
    );
  } finally {
    await admin.disconnect();
  }
}
