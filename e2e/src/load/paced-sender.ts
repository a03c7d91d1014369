import { setTimeout as delay } from 'node:timers/promises';
import type { ReferenceSession } from '@streaks/testing/reference-fold';
import type { SessionProducer } from '../producers/session-producer';

export interface PacedSender {
  /** From now on as fast as the producers can. */
  hurry(): void;
  /** Sends no further chunk; `done` then resolves after those under way. */
  abandon(): void;
  /** Resolves when every record was acknowledged. */
  readonly done: Promise<void>;
  sent(): number;
}

/**
 * Deals the records out to the producers in turn and lets all of them send at once, a chunk at a time, so that the load
 * lasts about `durationMs`.
 */
export function startPacedSender(
  producers: readonly SessionProducer[],
  records: readonly ReferenceSession[],
  { durationMs, chunkRecords }: { readonly durationMs: number; readonly chunkRecords: number },
): PacedSender {
  const hands = producers.map((_, hand) => records.filter((_, index) => index % producers.length === hand));
  const chunks = Math.ceil(records.length / producers.length / chunkRecords);
  const hurried = new AbortController();
  let sent = 0;
  let isAbandoned = false;
  const sendHand = async (producer: SessionProducer, hand: readonly ReferenceSession[]): Promise<void> => {
    for (let from = 0; from < hand.length && !isAbandoned; from += chunkRecords) {
      const chunk = hand.slice(from, from + chunkRecords);
      const pause = hurried.signal.aborted
        ? Promise.resolve()
        : delay(durationMs / chunks, undefined, { signal: hurried.signal }).catch(() => undefined);
      await producer.send(chunk);
      sent += chunk.length;
      await pause;
    }
  };
  const done = Promise.all(producers.map((producer, hand) => sendHand(producer, hands[hand] ?? []))).then(
    () => undefined,
  );
  // Whoever awaits it is told; a failure meanwhile must not end the run as an unhandled one.
  done.catch(() => undefined);
  const abandon = (): void => {
    isAbandoned = true;
    hurried.abort();
  };
  return { hurry: () => hurried.abort(), abandon, done, sent: () => sent };
}
