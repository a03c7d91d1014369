import { setTimeout as delay } from 'node:timers/promises';
import { createAlarm } from '../alarm';
import type { PublicationRow } from './mark';
import { createTurns, intervalFor } from './pacing';
import type { Publisher } from './publication';
import type { PublishedMark, PublisherOptions, PublisherState, ShardKind } from './publisher-options';
import { type ShardPublisher, startShardPublisher } from './shard/shard-publisher';

/** A shard counts as busy this long after its last transaction. */
const BUSY_MS = 2_000;
const MARKS_FLUSH_TRIES = 20;
const MARKS_FLUSH_PAUSE_MS = 25;

/** Publishes the shards it is given, each by a producer of its own. Starts at once and keeps trying while a server is away. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { tuning, events, store, nowMs } = options;
  const shards = new Map<number, ShardPublisher>();
  const rows = new Map<number, PublicationRow>();
  const marks = new Map<number, PublishedMark>();
  const stopping = new Set<Promise<void>>();
  const discarding = new Set<Promise<void>>();
  const idleSinceMs = new Map<number, number>();
  const alarm = createAlarm();
  let pollMs = tuning.pollMinMs;
  let nextPollMs = 0;
  let nextMarkMs = 0;
  let isClosed = false;

  const busyShards = () => {
    const sinceMs = nowMs() - BUSY_MS;
    return [...shards.values()].filter((shard) => shard.waitingRows > 0 || shard.lastTransactionMs > sinceMs).length;
  };

  const track = (set: Set<Promise<void>>, work: Promise<void>) => {
    set.add(work);
    void work.finally(() => set.delete(work));
  };

  const ports = {
    options,
    inTurn: createTurns(tuning.maxOpening),
    onDiscarding: (ending: Promise<void>) => track(discarding, ending),
    intervalMs: () => intervalFor(busyShards(), tuning),
    published: (shard: number, mark: PublishedMark) => {
      marks.set(shard, mark);
      alarm.ring();
    },
  };

  const waiting = () => {
    let waitingRows = 0;
    let waitingBytes = 0;
    for (const shard of shards.values()) {
      waitingRows += shard.waitingRows;
      waitingBytes += shard.waitingBytes;
    }
    return { waitingRows, waitingBytes };
  };

  const flushMarks = async (): Promise<void> => {
    if (marks.size === 0) return;
    const written = new Map(marks);
    const moved = await store.movePublished(written);
    for (const [shard, mark] of written) {
      if (!moved.has(shard)) continue; // an applier holds its row; later
      if (marks.get(shard) === mark) marks.delete(shard);
      await options.onStep?.('P7_MARK_MOVED', shard);
    }
  };

  const poll = async (): Promise<void> => {
    const before = new Map([...shards].map(([shard, { position }]) => [shard, position]));
    let found = false;
    for (const row of await store.read([...before.keys()])) {
      rows.set(row.shard, row);
      found = (shards.get(row.shard)?.saw(row, before.get(row.shard) ?? 0n) ?? false) || found;
    }
    events.state(stateOf());
    pollMs = found ? tuning.pollMinMs : Math.min(tuning.pollMaxMs, pollMs * 2);
    nextPollMs = nowMs() + pollMs;
  };

  const stateOf = (): PublisherState => {
    const kinds: Record<ShardKind, number> = { opening: 0, 'reading-back': 0, live: 0, halted: 0 };
    let backlog = 0n;
    let standsStillMs = 0;
    for (const [number, shard] of shards) {
      kinds[shard.kind]++;
      const row = rows.get(number);
      if (!row) continue;
      const behind = rowsBetween(row, shard.position);
      backlog += behind;
      if (behind === 0n) idleSinceMs.set(number, nowMs());
      const sinceMs = Math.max(shard.lastTransactionMs, idleSinceMs.get(number) ?? nowMs());
      if (behind > 0n) standsStillMs = Math.max(standsStillMs, nowMs() - sinceMs);
    }
    const { waitingBytes } = waiting();
    return { shards: kinds, backlogRows: Number(backlog), standsStillSeconds: standsStillMs / 1_000, waitingBytes };
  };

  const run = async (): Promise<void> => {
    while (!isClosed) {
      try {
        if (nowMs() >= nextMarkMs) {
          nextMarkMs = nowMs() + tuning.markEveryMs;
          await flushMarks();
        }
        if (shards.size > 0 && nowMs() >= nextPollMs) await poll();
      } catch (error) {
        events.failed(-1, error);
        nextPollMs = nowMs() + tuning.pollMaxMs;
        nextMarkMs = nextPollMs;
      }
      if (isClosed) return;
      const markMs = marks.size > 0 ? nextMarkMs : Number.POSITIVE_INFINITY;
      const dueMs = Math.min(markMs, shards.size > 0 ? nextPollMs : Number.POSITIVE_INFINITY);
      const sleepMs = Math.min(tuning.pollMaxMs, Math.max(1, dueMs - nowMs()));
      await (dueMs === Number.POSITIVE_INFINITY ? alarm.wait(2 ** 31 - 1) : alarm.wait(sleepMs));
    }
  };
  const running = run();

  const finish = async (): Promise<void> => {
    await Promise.all([...shards.values()].map((shard) => shard.stop('drain')));
    await Promise.all(stopping);
    isClosed = true;
    alarm.ring();
    await running;
    // Only a saving: the next owner finds the mark in Kafka too.
    for (let tries = 0; marks.size > 0 && tries < MARKS_FLUSH_TRIES; tries++) {
      await flushMarks();
      if (marks.size > 0) await delay(MARKS_FLUSH_PAUSE_MS);
    }
  };

  return {
    setShards(next) {
      if (isClosed) return;
      const wanted = new Set(next);
      for (const [number, shard] of shards) {
        if (wanted.has(number)) continue;
        shards.delete(number);
        rows.delete(number);
        idleSinceMs.delete(number);
        track(stopping, shard.stop('now'));
      }
      for (const number of wanted) {
        if (!shards.has(number)) shards.set(number, startShardPublisher(number, ports));
      }
      nextPollMs = 0;
      pollMs = tuning.pollMinMs;
      events.state(stateOf());
      alarm.ring();
    },
    wants: (number) => shards.get(number)?.wants() ?? false,
    offer(handovers) {
      for (const [number, handover] of handovers) {
        const shard = shards.get(number);
        if (!shard?.wants()) continue;
        const { waitingRows, waitingBytes } = waiting();
        if (waitingRows >= tuning.maxWaitingRows || waitingBytes >= tuning.maxWaitingBytes) shard.overflow();
        else shard.offer(handover);
      }
    },
    async close(deadlineMs) {
      const giveUp = new AbortController();
      const deadline = delay(deadlineMs, undefined, { signal: giveUp.signal, ref: false }).catch(() => undefined);
      await Promise.race([finish().catch((error: unknown) => events.failed(-1, error)), deadline]);
      isClosed = true;
      for (const shard of shards.values()) void shard.stop('now');
      alarm.ring();
      await Promise.race([Promise.all(discarding), deadline]);
      giveUp.abort();
    },
  };
}

/** Rows of the outbox above both the mark in Postgres and what is known to be in Kafka. */
function rowsBetween({ outSeq, publishedSeq }: PublicationRow, position: bigint): bigint {
  if (outSeq <= publishedSeq || outSeq <= position) return 0n;
  return position > publishedSeq ? outSeq - position : outSeq - publishedSeq;
}
