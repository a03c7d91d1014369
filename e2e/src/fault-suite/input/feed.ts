import { setTimeout as delay } from 'node:timers/promises';
import type { Chunk } from './input-event';
import type { ChunkSender } from './send-chunks';

export interface Feed {
  /** Chunks sent, aborted ones among them. */
  chunks(): number;
  /** Records sent for good. */
  events(): number;
  /** Sends chunks at once until that many records were sent. */
  sendUntil(events: number): Promise<void>;
  /** Sends at the pace until told to end. Resolves after the last chunk. Rejects when one could not be sent. */
  run(pace: Pace): Promise<void>;
}

export interface Pace {
  /** Records a second that would be right now. */
  readonly perSecond: () => number;
  readonly isOver: () => boolean;
}

export function createFeed(source: Generator<Chunk, never>, sender: ChunkSender): Feed {
  let chunks = 0;
  let events = 0;
  const sendNext = async (): Promise<number> => {
    const chunk = source.next().value;
    await sender.send(chunk);
    chunks += 1;
    if (chunk.mode !== 'aborted') events += chunk.events.length;
    return chunk.events.length;
  };
  return {
    chunks: () => chunks,
    events: () => events,
    async sendUntil(wanted) {
      while (events < wanted) await sendNext();
    },
    async run({ perSecond, isOver }) {
      while (!isOver()) {
        const startedMs = performance.now();
        const sent = await sendNext();
        const restMs = (sent / perSecond()) * 1_000 - (performance.now() - startedMs);
        if (restMs > 0) await delay(restMs);
      }
    },
  };
}
