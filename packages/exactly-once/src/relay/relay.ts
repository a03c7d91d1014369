import { createAlarm } from '../alarm';
import type { Change, NumberedChange, Sink } from '../projection';
import type { ShardMarks } from '../sql/outbox';
import { addHandover, canTake, type Handover, type ShardState, takeContiguous } from './shard-buffer';

export interface RelayOptions<C extends Change> {
  readonly sink: Sink<C>;
  readonly readMarks: (shards: readonly number[]) => Promise<readonly ShardMarks[]>;
  readonly moveMarks: (marks: ReadonlyMap<number, bigint>) => Promise<ReadonlySet<number>>;
  /** Rows that may wait in memory, over all shards; past it they are dropped and read back later. */
  readonly maxWaitingRows: number;
  readonly pageRows: number;
  /** How often the table is asked for rows that another process wrote: from `min` when there are some, backing off to `max`. */
  readonly pollMinMs: number;
  readonly pollMaxMs: number;
  readonly markEveryMs: number;
  readonly nowMs: () => number;
  readonly onStep?: ((step: 'R1_TAKEN' | 'R2_WRITTEN' | 'R3_MARK_MOVED') => void | Promise<void>) | undefined;
  readonly onWritten: (rows: number) => void;
  readonly onError: (error: unknown) => void;
  readonly onBacklog: (rows: number) => void;
}

/** Takes committed rows to the sink, shard by shard, apart from the appliers: neither waits for the other. */
export interface Relay<C extends Change> {
  /** The shards this process works from now on; a new one starts by reading back from its mark. */
  setShards(shards: readonly number[]): void;
  /** Rows of a committed transaction. Those of other processes' shards are theirs to read back. */
  offer(handovers: ReadonlyMap<number, Handover<C>>): void;
  /** Writes what is at hand, moves the marks and ends. Gives up at the deadline: nothing is lost, only later. */
  close(deadlineMs: number): Promise<void>;
}

const RETRY_MS = 500;

export function createRelay<C extends Change>(options: RelayOptions<C>): Relay<C> {
  const shards = new Map<number, ShardState<C>>();
  const unwrittenMarks = new Map<number, bigint>();
  let waitingRows = 0;
  let pollMs = options.pollMinMs;
  let nextPollMs = 0;
  let nextMarkMs = 0;
  let isClosing = false;
  const alarm = createAlarm();

  const forgetWaiting = (shard: number) => {
    const state = shards.get(shard);
    if (state?.kind === 'live') waitingRows -= state.waiting.reduce((n, h) => n + h.changes.length, 0);
  };

  const readBackFrom = (shard: number, afterSeq: bigint) => {
    forgetWaiting(shard);
    shards.set(shard, { kind: 'reading-back', afterSeq });
  };

  const written = (shard: number, seq: bigint, rows: number) => {
    unwrittenMarks.set(shard, seq);
    options.onWritten(rows);
  };

  const writeLive = async (): Promise<boolean> => {
    const taken = [...shards].flatMap(([shard, state]) => {
      const rows = takeContiguous(state);
      return rows ? [{ shard, before: state, ...rows }] : [];
    });
    if (taken.length === 0) return false;
    for (const { shard, rest } of taken) shards.set(shard, rest);
    waitingRows -= taken.reduce((n, t) => n + t.changes.length, 0);
    try {
      await options.onStep?.('R1_TAKEN');
      await options.sink.write(taken.flatMap((t) => t.changes));
      await options.onStep?.('R2_WRITTEN');
    } catch (error) {
      for (const { shard, before } of taken) {
        if (before.kind === 'live' && shards.has(shard)) readBackFrom(shard, before.nextSeq - 1n);
      }
      throw error;
    }
    for (const { shard, lastSeq, changes } of taken) {
      if (shards.has(shard)) written(shard, lastSeq, changes.length);
    }
    return true;
  };

  const readBackOnePage = async (): Promise<boolean> => {
    const entry = [...shards].find(([, state]) => state.kind === 'reading-back');
    if (entry?.[1].kind !== 'reading-back') return false;
    const [shard, { afterSeq }] = entry;
    // Asked before the page is read: every row up to it can then be seen, so a page that is not full reaches at least to it.
    const [marks] = await options.readMarks([shard]);
    await options.onStep?.('R1_TAKEN');
    const page = await options.sink.writeBacklog(shard, afterSeq, options.pageRows);
    await options.onStep?.('R2_WRITTEN');
    const isEnd = page.rows < options.pageRows;
    const reached = isEnd && marks && marks.outSeq > page.lastSeq ? marks.outSeq : page.lastSeq;
    if (shards.get(shard) !== entry[1]) return true; // given away meanwhile
    shards.delete(shard); // to the end of the order, so that shards take turns
    shards.set(
      shard,
      isEnd ? { kind: 'live', nextSeq: reached + 1n, waiting: [] } : { kind: 'reading-back', afterSeq: reached },
    );
    if (isEnd) nextPollMs = 0; // rows committed since the page was read were not accepted in memory
    if (reached > afterSeq) written(shard, reached, page.rows);
    return true;
  };

  /** Finds shards that have no state yet, and rows that another process wrote into our shards. */
  const poll = async (): Promise<void> => {
    const marks = await options.readMarks([...shards.keys()]);
    let found = false;
    let backlog = 0n;
    for (const { shard, outSeq, projectedSeq } of marks) {
      const state = shards.get(shard);
      if (!state) continue;
      backlog += outSeq - projectedSeq;
      if (state.kind === 'starting') {
        readBackFrom(shard, projectedSeq);
        found = true;
      } else if (state.kind === 'live' && outSeq >= state.nextSeq && !canTake(state)) {
        readBackFrom(shard, state.nextSeq - 1n);
        found = true;
      }
    }
    options.onBacklog(Number(backlog));
    pollMs = found ? options.pollMinMs : Math.min(options.pollMaxMs, pollMs * 2);
    nextPollMs = options.nowMs() + pollMs;
  };

  const moveMarks = async (): Promise<void> => {
    if (unwrittenMarks.size === 0) return;
    const marks = new Map(unwrittenMarks);
    const moved = await options.moveMarks(marks);
    await options.onStep?.('R3_MARK_MOVED');
    for (const shard of moved) {
      if (unwrittenMarks.get(shard) === marks.get(shard)) unwrittenMarks.delete(shard);
    }
    nextMarkMs = options.nowMs() + options.markEveryMs;
  };

  const step = async (): Promise<void> => {
    if (shards.size > 0 && options.nowMs() >= nextPollMs) await poll();
    const wroteLive = await writeLive();
    const readBack = await readBackOnePage();
    if ([...shards.values()].some((s) => s.kind === 'live' && s.waiting.length > 0 && !canTake(s))) {
      nextPollMs = Math.min(nextPollMs, options.nowMs() + options.pollMinMs); // another process wrote in between
    }
    if (options.nowMs() >= nextMarkMs) await moveMarks();
    if (!wroteLive && !readBack && !isClosing) {
      const markDueMs = unwrittenMarks.size > 0 ? nextMarkMs - options.nowMs() : Number.POSITIVE_INFINITY;
      const pollDueMs = shards.size > 0 ? nextPollMs - options.nowMs() : Number.POSITIVE_INFINITY;
      await alarm.wait(Math.max(1, Math.min(pollDueMs, markDueMs, options.pollMaxMs)));
    }
  };

  const hasWork = () => [...shards.values()].some(canTake);

  /** Commits ring the alarm many times a second: a sink that is away is asked no more often for it. */
  const pause = async (): Promise<void> => {
    const untilMs = options.nowMs() + RETRY_MS;
    while (!isClosing && options.nowMs() < untilMs) await alarm.wait(untilMs - options.nowMs());
  };

  const loop = async (): Promise<void> => {
    while (!isClosing || hasWork()) {
      try {
        await step();
      } catch (error) {
        options.onError(error);
        if (isClosing) return;
        await pause();
      }
    }
    await moveMarks().catch(options.onError);
  };
  const running = loop();

  return {
    setShards(next) {
      for (const shard of shards.keys()) {
        if (next.includes(shard)) continue;
        forgetWaiting(shard);
        shards.delete(shard);
        unwrittenMarks.delete(shard);
      }
      for (const shard of next) if (!shards.has(shard)) shards.set(shard, { kind: 'starting' });
      if (shards.size === 0) options.onBacklog(0); // nobody polls for it any more
      nextPollMs = 0;
      pollMs = options.pollMinMs;
      alarm.ring();
    },
    offer(handovers) {
      for (const [shard, handover] of handovers) {
        const state = shards.get(shard);
        if (state?.kind !== 'live') continue;
        if (waitingRows + handover.changes.length > options.maxWaitingRows) {
          readBackFrom(shard, state.nextSeq - 1n);
          continue;
        }
        const after = addHandover(state, handover);
        if (after !== state) waitingRows += handover.changes.length;
        shards.set(shard, after);
      }
      alarm.ring();
    },
    async close(deadlineMs) {
      isClosing = true;
      alarm.ring();
      await Promise.race([running, new Promise<void>((resolve) => setTimeout(resolve, deadlineMs).unref())]);
    },
  };
}

/** Groups what one transaction numbered by shard. Dead letters have numbers too: a gap among the changes is theirs. */
export function toHandovers<C extends Change>(
  numbered: readonly NumberedChange<C>[],
  ranges: ReadonlyMap<number, { firstSeq: bigint; lastSeq: bigint }>,
): Map<number, Handover<C>> {
  const byShard = new Map<number, NumberedChange<C>[]>([...ranges.keys()].map((shard) => [shard, []]));
  for (const change of numbered) byShard.get(change.shard)?.push(change);
  return new Map([...ranges].map(([shard, range]) => [shard, { ...range, changes: byShard.get(shard) ?? [] }]));
}
