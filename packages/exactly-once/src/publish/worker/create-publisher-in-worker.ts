import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { Publisher } from '../publication';
import type { PublisherEvents } from '../publisher-options';
import { packRows } from './pack-rows';
import { type FromWorker, type ToWorker, tellEvent } from './worker-messages';

export interface PublisherInWorkerOptions {
  /** Starts a thread whose entry file calls `runPublisherWorker`. Called again, after a pause, when one has died. */
  readonly createWorker: () => Worker;
  readonly events: PublisherEvents;
  /** Finished lines of the worker's log. */
  readonly onLogLine: (line: string) => void;
  /** The thread ended by itself. Nothing is lost: what it had not published is read back. */
  readonly onWorkerDied: (error: unknown) => void;
  /** Sent to the worker and not yet looked at by it; past it rows are not sent, and read back later. */
  readonly maxUnreadBytes?: number;
  readonly restartMinMs?: number;
  readonly restartMaxMs?: number;
  readonly nowMs: () => number;
}

const MAX_UNREAD_BYTES = 32_000_000;
const RESTART_MIN_MS = 500;
const RESTART_MAX_MS = 30_000;
/** A thread that lived this long did not die at its start. */
const LONG_LIFE_MS = 60_000;
/** For the worker's own end, beyond its publisher's deadline. */
const LAST_WORD_MS = 500;

/** A publisher in a thread of its own: it takes no time from this one's event loop but that of packing rows. */
export function createPublisherInWorker(options: PublisherInWorkerOptions): Publisher {
  const { events, nowMs } = options;
  const maxUnreadBytes = options.maxUnreadBytes ?? MAX_UNREAD_BYTES;
  const restartMinMs = options.restartMinMs ?? RESTART_MIN_MS;
  let worker: Worker | undefined;
  let shards: readonly number[] = [];
  let wanted: ReadonlySet<number> = new Set();
  let unreadBytes = 0;
  let deaths = 0;
  let restart: NodeJS.Timeout | undefined;
  let isClosing = false;
  let onClosed: () => void = () => undefined;

  const send = (message: ToWorker, moved: readonly ArrayBuffer[] = []) => worker?.postMessage(message, moved);

  const listen = (message: FromWorker) => {
    if (message.kind === 'wanted') wanted = new Set(message.shards);
    else if (message.kind === 'taken') unreadBytes -= message.bytes;
    else if (message.kind === 'log') options.onLogLine(message.line);
    else if (message.kind === 'closed') onClosed();
    else tellEvent(message, events);
  };

  const start = () => {
    const startedMs = nowMs();
    const created = options.createWorker();
    worker = created;
    wanted = new Set();
    unreadBytes = 0;
    let cause: unknown = new Error('the thread of the publisher ended');
    created.on('message', listen);
    created.on('error', (error: unknown) => {
      cause = error; // it exits next
    });
    created.once('exit', () => {
      worker = undefined;
      wanted = new Set();
      onClosed();
      if (isClosing) return;
      options.onWorkerDied(cause);
      deaths = nowMs() - startedMs > LONG_LIFE_MS ? 1 : deaths + 1;
      const pauseMs = Math.min(options.restartMaxMs ?? RESTART_MAX_MS, restartMinMs * 2 ** (deaths - 1));
      restart = setTimeout(start, pauseMs);
    });
    send({ kind: 'shards', shards });
  };
  start();

  return {
    setShards(next) {
      shards = [...next];
      wanted = new Set(shards.filter((shard) => wanted.has(shard)));
      send({ kind: 'shards', shards });
    },
    wants: (shard) => wanted.has(shard) && unreadBytes < maxUnreadBytes,
    offer(handovers) {
      if (!worker || unreadBytes >= maxUnreadBytes) return;
      const kept = new Map([...handovers].filter(([shard]) => wanted.has(shard)));
      if (kept.size === 0) return;
      const rows = packRows(kept);
      unreadBytes += rows.bytes.byteLength;
      send({ kind: 'offer', rows }, [rows.bytes]);
    },
    async close(deadlineMs) {
      isClosing = true;
      clearTimeout(restart);
      if (!worker) return;
      const closed = new Promise<void>((resolve) => {
        onClosed = resolve;
      });
      send({ kind: 'close', deadlineMs });
      const giveUp = new AbortController();
      const deadline = delay(deadlineMs + LAST_WORD_MS, undefined, { signal: giveUp.signal }).catch(() => undefined);
      await Promise.race([closed, deadline]);
      giveUp.abort();
      await worker?.terminate();
    },
  };
}
