import { createRecordBodyEncoder } from '@streaks/shared/kafka/record-format/record-body';
import { createPublisher } from '../publish/create-publisher';
import type { PublicationRow } from '../publish/mark';
import type { OutputRecord, OutputRows, Publisher } from '../publish/publication';
import {
  defaultPublisherTuning,
  type OnPublicationStep,
  type PublicationStore,
  type PublisherState,
  type PublisherTuning,
} from '../publish/publisher-options';
import { createFakeKafka } from './fake-kafka';
import { settled } from './fixtures';

export const CHANGES = 'changes';
export const STATES = 'states';
export const GROUP = 'publication';

/** Everything as fast as can be, and small enough that every bound is met. */
const QUICK: PublisherTuning = {
  ...defaultPublisherTuning,
  maxTransactionRows: 8,
  maxWaitingRows: 12,
  pageRows: 5,
  minIntervalMs: 0,
  maxIntervalMs: 0,
  pollMinMs: 1,
  pollMaxMs: 4,
  markEveryMs: 1,
  backoffMinMs: 1,
  backoffMaxMs: 4,
  fencedBackoffMs: 2,
};

const encodeBody = createRecordBodyEncoder();

/** A row as records: a change, and the state of one of three keys. */
export const recordsOf = (shard: number, seq: bigint, value = `${seq}`): OutputRecord[] => {
  const body = encodeBody(`k${seq % 3n}`, Buffer.from(value), []);
  return [
    { seq, topic: CHANGES, partition: shard, body, isState: false },
    { seq, topic: STATES, partition: shard, body, isState: true },
  ];
};

export interface WorldPublisher {
  readonly publisher: Publisher;
  readonly log: string[];
  readonly errors: unknown[];
  readonly transactions: number[];
  state: PublisherState | undefined;
  /** Hangs for ever: nothing is waited for at the end. */
  isDead: boolean;
}

/** Postgres and Kafka as a publisher sees them. */
export function createPublicationWorld(shards: readonly number[] = [0]) {
  const kafka = createFakeKafka();
  const rows = new Map<number, { -readonly [Key in keyof PublicationRow]: PublicationRow[Key] }>(
    shards.map((shard) => [
      shard,
      { shard, outSeq: 0n, publishedSeq: 0n, markEpoch: 0n, acceptedMark: 0n, haltReason: null },
    ]),
  );
  const values = new Map<string, string>();
  const publishers: WorldPublisher[] = [];
  const world = {
    kafka,
    rows,
    isStoreAway: false,
    pages: 0,
    halts: [] as string[],
    row: (shard = 0) => {
      const row = rows.get(shard);
      if (!row) throw new Error(`no shard ${shard}`);
      return row;
    },
    /** Rows of one transaction; returns what the applier would hand over. */
    commit(count: number, shard = 0, value?: string): Map<number, OutputRows> {
      const row = world.row(shard);
      const firstSeq = row.outSeq + 1n;
      row.outSeq += BigInt(count);
      for (let seq = firstSeq; seq <= row.outSeq; seq++) values.set(`${shard}/${seq}`, value ?? `${seq}`);
      return new Map([[shard, rowsBetween(shard, firstSeq, row.outSeq)]]);
    },
    start(options: { onStep?: OnPublicationStep; tuning?: Partial<PublisherTuning> } = {}): WorldPublisher {
      const started: WorldPublisher = {
        log: [],
        errors: [],
        transactions: [],
        state: undefined,
        isDead: false,
        publisher: createPublisher({
          createKafka: () => kafka.client(),
          groupId: GROUP,
          markTopic: CHANGES,
          transactionTimeoutMs: 5_000,
          store,
          readOutput: async (shard, afterSeq, limit) => {
            await ask();
            world.pages++;
            const { outSeq } = world.row(shard);
            const lastSeq = afterSeq + BigInt(limit) < outSeq ? afterSeq + BigInt(limit) : outSeq;
            return lastSeq > afterSeq ? rowsBetween(shard, afterSeq + 1n, lastSeq) : undefined;
          },
          tuning: { ...QUICK, ...options.tuning },
          nowMs: () => performance.now(),
          random: () => 0.5,
          ...(options.onStep ? { onStep: options.onStep } : {}),
          events: {
            published: ({ rows: count }) => started.transactions.push(count),
            failed: (_, error) => started.errors.push(error),
            halted: (shard, reason, detail) => started.log.push(`halted ${shard} ${reason}: ${detail}`),
            ignoredMark: (shard, detail) => started.log.push(`ignored ${shard} ${detail}`),
            missingRows: (shard, first, last) => started.log.push(`missing ${shard} ${first} to ${last}`),
            state: (state) => {
              started.state = state;
            },
          },
        }),
      };
      publishers.push(started);
      return started;
    },
    /** Values of the partition's changes for a read_committed reader. */
    changes: (shard = 0) => kafka.readCommitted(CHANGES, shard).map(({ value }) => String(value)),
    states: (shard = 0) => kafka.readCommitted(STATES, shard).map(({ key, value }) => `${key}=${value}`),
    expected: (shard = 0) => Array.from({ length: Number(world.row(shard).outSeq) }, (_, i) => `${i + 1}`),
    async close() {
      await Promise.all(publishers.map(({ publisher, isDead }) => publisher.close(isDead ? 0 : 2_000)));
    },
  };
  const rowsBetween = (shard: number, firstSeq: bigint, lastSeq: bigint): OutputRows => {
    const records: OutputRecord[] = [];
    for (let seq = firstSeq; seq <= lastSeq; seq++)
      records.push(...recordsOf(shard, seq, values.get(`${shard}/${seq}`)));
    return { firstSeq, lastSeq, records };
  };
  const ask = async () => {
    await settled();
    if (world.isStoreAway) throw new Error('the store is away');
  };
  const store: PublicationStore = {
    async read(asked) {
      await ask();
      return asked.map((shard) => ({ ...world.row(shard) }));
    },
    async movePublished(marks) {
      await ask();
      for (const [shard, { seq, epoch }] of marks) {
        const row = world.row(shard);
        if (row.markEpoch !== epoch || seq <= row.publishedSeq) continue;
        row.publishedSeq = seq;
        if (seq > row.outSeq) row.publishedSeq = row.outSeq;
      }
      return new Set(marks.keys());
    },
    async halt(shard, reason, detail) {
      await ask();
      world.row(shard).haltReason ??= reason;
      world.halts.push(detail);
    },
  };
  return world;
}
