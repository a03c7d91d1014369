import { setTimeout as sleep } from 'node:timers/promises';

/** Asks every `intervalMs` until the answer is yes; false when `timeoutMs` ran out first. */
export async function waitUntil(
  isTrue: () => boolean | Promise<boolean>,
  timeoutMs: number,
  intervalMs = 50,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (await isTrue()) return true;
    if (performance.now() >= deadline) return false;
    await sleep(intervalMs);
  }
}
