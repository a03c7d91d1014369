import type {} from './jest-global-setup';

/** Ends the servers of the run; those of a reused stack go on. Their logs stay until the next run. */
async function stopTestStack(): Promise<void> {
  const stack = globalThis.streaksTestStack;
  globalThis.streaksTestStack = undefined;
  await stack?.stop();
}

export = stopTestStack;
