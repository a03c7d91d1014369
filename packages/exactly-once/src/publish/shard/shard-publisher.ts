import { isCausedByARecord } from '@streaks/shared/kafka/producer/producer-errors';
import { createAlarm } from '../../alarm';
import { type HaltReason, judgeMark, type PublicationRow } from '../mark';
import type { PublishHandover } from '../publication';
import type { PublishedMark, PublisherOptions, ShardKind } from '../publisher-options';
import { createOutputBuffer, type WaitingRows, weigh } from './output-buffer';
import { planSends } from './plan-sends';
import { openShardProducer, type ShardProducer } from './shard-producer';

/** What a shard shares with the others of its process. */
export interface ShardPorts {
  readonly options: PublisherOptions;
  /** Waits for its turn, so that few producers are opened at a time. */
  readonly inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly onDiscarding: (ending: Promise<void>) => void;
  /** Milliseconds from the start of one transaction to that of the next. */
  readonly intervalMs: () => number;
  /** Rows up to this one are in Kafka for good; `published_seq` follows. */
  readonly published: (shard: number, mark: PublishedMark) => void;
}

/** One shard's way to Kafka. ARCHITECTURE.md has its states. */
export interface ShardPublisher {
  readonly kind: ShardKind;
  readonly waitingRows: number;
  readonly waitingBytes: number;
  /** Rows up to this one are in Kafka, as far as this process knows. */
  readonly position: bigint;
  readonly lastTransactionMs: number;
  wants(): boolean;
  offer(rows: PublishHandover): void;
  /** The memory of the process is full: rows are read back from here on. */
  overflow(): void;
  /** The shard's row; `position` is the one from before it was asked for. Returns whether rows wait that were not handed over. */
  saw(row: PublicationRow, position: bigint): boolean;
  /** Ends after the transaction at hand; `drain`: after what is in memory. */
  stop(how: 'now' | 'drain'): Promise<void>;
}

class HaltedError extends Error {}

const NEVER_MS = 2 ** 31 - 1;

export function startShardPublisher(shard: number, ports: ShardPorts): ShardPublisher {
  const { options } = ports;
  const { tuning, events, store, nowMs } = options;
  const buffer = createOutputBuffer();
  const alarm = createAlarm();
  let kind: ShardKind = 'opening';
  let ending: 'no' | 'now' | 'drain' = 'no';
  let restartReason: string | undefined;
  let markEpoch = 0n;
  /** In Kafka up to here. */
  let position = 0n;
  /** Taken from memory up to here: the position, or the end of the transaction under way. */
  let takenTo = 0n;
  /** Rows above the position are in the table and not in memory: at this position for sure, or as it seems. */
  let missingAt: bigint | undefined;
  let seemsMissingAt: bigint | undefined;
  let lastTransactionMs = Number.NEGATIVE_INFINITY;
  let failures = 0;
  /** After a refusal: rows of a transaction, until the one at fault is found. */
  let maxRows = tuning.maxTransactionRows;
  let refusedUpTo = 0n;

  const limits = () => ({ maxRows, maxBytes: tuning.maxTransactionBytes });

  const readRow = async (): Promise<PublicationRow> => {
    const [row] = await store.read([shard]);
    if (!row) throw new Error(`outbox_shard has no shard ${shard}`);
    return row;
  };

  const halt = async (reason: HaltReason, detail: string): Promise<never> => {
    await store.halt(shard, reason, detail);
    events.halted(shard, reason, detail);
    throw new HaltedError(detail);
  };

  const open = async (): Promise<ShardProducer> => {
    const producer = await ports.inTurn(() => {
      if (ending !== 'no') throw new Error('the shard was given away');
      return openShardProducer({ ...options, onDiscarding: ports.onDiscarding }, shard);
    });
    try {
      await options.onStep?.('P1_OPENED', shard);
      const offset = await producer.readMark();
      const row = await readRow(); // after the mark: out_seq only grows
      const judged = judgeMark(offset, row);
      if (judged.kind === 'halt') return await halt(judged.reason, judged.detail);
      if (judged.ignored !== undefined) events.ignoredMark(shard, judged.ignored);
      position = judged.mark;
      takenTo = position;
      markEpoch = row.markEpoch;
      if (position > row.publishedSeq) ports.published(shard, { seq: position, epoch: markEpoch });
      await options.onStep?.('P2_MARK_READ', shard);
      return producer;
    } catch (error) {
      producer.discard();
      throw error;
    }
  };

  /** A page of the table into memory. LIVE from when it reaches what was the end before it was asked for. */
  const readBack = async (): Promise<void> => {
    missingAt = undefined;
    const { outSeq } = await readRow();
    const page = outSeq > position ? await options.readOutput(shard, position, tuning.pageRows) : undefined;
    if (page && page.lastSeq <= position) throw new Error(`the page after ${position} ends at ${page.lastSeq}`);
    if (page) buffer.add(weigh({ ...page, firstSeq: position + 1n }));
    else if (outSeq > position) {
      events.missingRows(shard, position + 1n, outSeq);
      position = outSeq;
      takenTo = position;
      ports.published(shard, { seq: position, epoch: markEpoch });
    }
    if (!page || page.lastSeq >= outSeq) kind = 'live';
    else kind = 'reading-back';
  };

  const take = (): WaitingRows | undefined => {
    const rows = buffer.take(position + 1n, limits());
    if (rows) takenTo = rows.lastSeq;
    return rows;
  };

  /** Waits until a transaction is due. `undefined`: the shard is to end. */
  const nextRows = async (): Promise<WaitingRows | undefined> => {
    for (;;) {
      if (ending === 'now') return undefined;
      if (restartReason !== undefined) throw new Error(restartReason);
      const hasRows = buffer.has(position + 1n);
      const isFull = buffer.rows >= maxRows || buffer.bytes >= tuning.maxTransactionBytes || kind === 'reading-back';
      const waitMs = isFull || ending === 'drain' ? 0 : lastTransactionMs + ports.intervalMs() - nowMs();
      if (hasRows && waitMs <= 0) return take();
      if (!hasRows && ending === 'drain') return undefined;
      if (!hasRows && (kind === 'reading-back' || missingAt === position)) await readBack();
      else await alarm.wait(hasRows ? waitMs : NEVER_MS);
    }
  };

  const publish = async (producer: ShardProducer, rows: WaitingRows): Promise<void> => {
    lastTransactionMs = nowMs();
    const sends = planSends(rows.records, tuning.maxSendBytes);
    const step = async (at: 'P4_SENT' | 'P5_MARK_SENT' | 'P6_COMMITTED') => options.onStep?.(at, shard);
    // Rows that mean nothing in Kafka need no transaction: to find them again after a crash changes nothing.
    if (sends.length > 0) await producer.publish(sends, { seq: rows.lastSeq, epoch: markEpoch }, step);
    position = rows.lastSeq;
    ports.published(shard, { seq: position, epoch: markEpoch });
    failures = 0;
    if (position >= refusedUpTo) maxRows = Math.min(tuning.maxTransactionRows, maxRows * 2);
    events.published({
      shard,
      rows: rowCount(rows),
      records: sends.reduce((sum, { records }) => sum + records.length, 0),
      bytes: rows.bytes,
      seconds: (nowMs() - lastTransactionMs) / 1_000,
    });
  };

  /** A record is refused for what it is: fewer rows at a time until it is alone, and then it halts the shard. */
  const narrow = async (rows: WaitingRows, error: unknown): Promise<void> => {
    if (rowCount(rows) === 1) await halt('OUTPUT_REFUSED', `row ${rows.lastSeq} of the outbox: ${messageOf(error)}`);
    maxRows = Math.floor(rowCount(rows) / 2);
    if (rows.lastSeq > refusedUpTo) refusedUpTo = rows.lastSeq;
  };

  /** From the opening of a producer to its end. */
  const liveOnce = async (): Promise<void> => {
    kind = 'opening';
    restartReason = undefined;
    if ((await readRow()).haltReason !== null) throw new HaltedError('halted before');
    const producer = await open();
    try {
      kind = 'reading-back';
      for (let rows = await nextRows(); rows; rows = await nextRows()) {
        await options.onStep?.('P3_TAKEN', shard);
        try {
          await publish(producer, rows);
        } catch (error) {
          if (isCausedByARecord(error)) await narrow(rows, error);
          throw error;
        }
      }
    } finally {
      kind = 'opening';
      producer.discard(); // never used again, least of all after an error: its sequence numbers would be used twice
      buffer.clear();
    }
  };

  const pause = async (ms: number): Promise<void> => {
    const endsMs = nowMs() + ms;
    while (ending === 'no' && nowMs() < endsMs) await alarm.wait(Math.max(1, endsMs - nowMs()));
  };

  const run = async (): Promise<void> => {
    while (ending === 'no') {
      try {
        await liveOnce();
      } catch (error) {
        if (error instanceof HaltedError) {
          kind = 'halted';
          while (ending === 'no' && kind === 'halted') await alarm.wait(NEVER_MS); // until its row says otherwise
          continue;
        }
        if (ending !== 'no') return;
        events.failed(shard, error);
        failures++;
        const growing = tuning.backoffMinMs * 2 ** Math.min(failures, 12);
        const ms = Math.max(isFencing(error) ? tuning.fencedBackoffMs : 0, Math.min(tuning.backoffMaxMs, growing));
        await pause(ms * (0.5 + options.random()));
      }
    }
  };
  const running = run();

  return {
    get kind() {
      return kind;
    },
    get waitingRows() {
      return buffer.rows;
    },
    get waitingBytes() {
      return buffer.bytes;
    },
    get position() {
      return position;
    },
    get lastTransactionMs() {
      return lastTransactionMs;
    },
    wants: () => kind === 'live' && ending === 'no',
    offer(rows) {
      if (kind !== 'live' || rows.lastSeq <= takenTo) return;
      buffer.add(weigh(rows));
      alarm.ring();
    },
    overflow() {
      if (kind === 'live') kind = 'reading-back';
      alarm.ring();
    },
    saw(row, before) {
      if (kind === 'halted') {
        if (row.haltReason === null) kind = 'opening';
      } else if (kind === 'opening') return false;
      else if (row.haltReason !== null || row.markEpoch !== markEpoch) restartReason = 'an operator changed the shard';
      else if (row.outSeq < before && row.acceptedMark < before) restartReason = 'the outbox ends before its mark';
      else if (kind === 'live' && row.outSeq > takenTo && !buffer.has(takenTo + 1n)) {
        // What was committed a moment ago may still be on its way to us: only what is missing twice was not handed over.
        if (seemsMissingAt === takenTo) missingAt = takenTo;
        seemsMissingAt = takenTo;
      } else {
        // A mark may be above the end of the outbox, where an operator accepted that: published_seq follows as the outbox grows.
        const isBehind = row.publishedSeq < row.outSeq && row.outSeq <= before;
        if (isBehind) ports.published(shard, { seq: before, epoch: markEpoch });
        return false;
      }
      alarm.ring();
      return true;
    },
    async stop(how) {
      ending = how;
      alarm.ring();
      await running;
    },
  };
}

const rowCount = ({ firstSeq, lastSeq }: WaitingRows): number => Number(lastSeq - firstSeq) + 1;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Another process has opened a producer for the shard. */
function isFencing(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const type = 'type' in at ? at.type : undefined;
    if (type === 'INVALID_PRODUCER_EPOCH' || type === 'PRODUCER_FENCED') return true;
  }
  return false;
}
