import type { MessagePort } from 'node:worker_threads';
import type { Publisher } from '../publication';
import type { PublisherEvents } from '../publisher-options';
import { unpackRows } from './pack-rows';
import { eventsAsMessages, type FromWorker, type ToWorker } from './worker-messages';

/** What the thread has for the publisher that is built in it. */
export interface PublisherWorkerTools {
  /** Goes to the metrics and the log of the main thread. */
  readonly events: PublisherEvents;
  /** Takes a finished line of the log to the main thread. A pino destination: `pino(options, { write: writeLogLine })`. */
  readonly writeLogLine: (line: string) => void;
}

export interface BuiltPublisher {
  readonly publisher: Publisher;
  /** After the publisher was closed: pools and the like. */
  readonly dispose: () => Promise<void>;
}

const WANTED_EVERY_MS = 10;

/**
 * The worker's side of `createPublisherInWorker`: the whole of a worker thread's entry file.
 * `port` is `parentPort` of `node:worker_threads`. Throws what `build` throws; the thread then ends and is started again.
 */
export async function runPublisherWorker(
  port: MessagePort,
  build: (tools: PublisherWorkerTools) => BuiltPublisher | Promise<BuiltPublisher>,
): Promise<void> {
  const send = (message: FromWorker) => port.postMessage(message);
  const { publisher, dispose } = await build({
    events: eventsAsMessages(send),
    writeLogLine: (line) => send({ kind: 'log', line }),
  });
  let shards: readonly number[] = [];
  let told = '';

  const tellWanted = () => {
    const wanted = shards.filter((shard) => publisher.wants(shard));
    if (wanted.join() === told) return;
    told = wanted.join();
    send({ kind: 'wanted', shards: wanted });
  };
  const timer = setInterval(tellWanted, WANTED_EVERY_MS);

  const close = async (deadlineMs: number) => {
    clearInterval(timer);
    await publisher.close(deadlineMs);
    await dispose();
    send({ kind: 'closed' });
    port.close();
  };

  port.on('message', (message: ToWorker) => {
    if (message.kind === 'shards') {
      ({ shards } = message);
      publisher.setShards(shards);
    } else if (message.kind === 'offer') {
      publisher.offer(unpackRows(message.rows));
      send({ kind: 'taken', bytes: message.rows.bytes.byteLength });
    } else void close(message.deadlineMs);
  });
}
