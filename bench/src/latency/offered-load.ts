import { setTimeout as delay } from 'node:timers/promises';

export interface OfferLoadOptions<Item> {
  readonly perSecond: number;
  readonly seconds: number;
  readonly createItem: (index: number) => Item;
  /** Not awaited before the next one is due: the load does not wait for what it loads. */
  readonly send: (items: readonly Item[], dueMs: number) => Promise<void>;
  /** Called at each tick. */
  readonly onTick?: (elapsedMs: number) => void;
}

export interface OfferedLoad {
  readonly sends: number;
  /** Sends that began more than one tick after they were due. */
  readonly lateSends: number;
  readonly greatestSendDelayMs: number;
}

export const TICK_MS = 10;

/** The items of each tick in one send, at the moments they are due, whatever the sends before them do. Resolves when all are acknowledged. */
export async function offerLoad<Item>(options: OfferLoadOptions<Item>): Promise<OfferedLoad> {
  const { perSecond, seconds, createItem, send, onTick } = options;
  const ticks = Math.round((seconds * 1_000) / TICK_MS);
  const open = new Set<Promise<void>>();
  let failure: unknown;
  let lateSends = 0;
  let greatestSendDelayMs = 0;
  let sent = 0;
  const startedMs = performance.now();
  for (let tick = 0; tick < ticks && failure === undefined; tick += 1) {
    const dueMs = startedMs + tick * TICK_MS;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await delay(waitMs);
    const lateMs = performance.now() - dueMs;
    greatestSendDelayMs = Math.max(greatestSendDelayMs, lateMs);
    if (lateMs > TICK_MS) lateSends += 1;
    const until = Math.round(((tick + 1) * TICK_MS * perSecond) / 1_000);
    const items = Array.from({ length: until - sent }, (_, offset) => createItem(sent + offset));
    sent = until;
    const sending = send(items, dueMs)
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => open.delete(sending));
    open.add(sending);
    onTick?.(performance.now() - startedMs);
  }
  await Promise.all(open);
  if (failure !== undefined) throw failure;
  return { sends: ticks, lateSends, greatestSendDelayMs };
}
