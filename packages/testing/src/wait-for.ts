import { setTimeout as delay } from 'node:timers/promises';

export interface WaitForOptions {
  /** What is awaited, as the end of the sentence "waited for …": it is all a reader of a failed run sees. */
  readonly description: string;
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
}

/**
 * Polls until the condition answers something truthy, and returns that. An error thrown by the condition counts as
 * "not yet"; the last one is the cause of the timeout error.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { description, timeoutMs = 10_000, intervalMs = 25 }: WaitForOptions,
): Promise<NonNullable<T>> {
  const deadlineMs = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadlineMs) {
      const reason = lastError === undefined ? '' : `: ${lastError instanceof Error ? lastError.message : lastError}`;
      throw new Error(`waited ${timeoutMs} ms for ${description}${reason}`, { cause: lastError });
    }
    await delay(intervalMs);
  }
}
