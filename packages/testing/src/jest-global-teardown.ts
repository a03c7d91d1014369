import type {} from './jest-global-setup';

type RemoveStackData = typeof import('@streaks/local-stack/remove-stack-data');

/** Ends the servers of the run and removes their data; those of a reused stack go on. The logs stay until the next run. */
async function stopTestStack(): Promise<void> {
  const running = globalThis.streaksTestStack;
  globalThis.streaksTestStack = undefined;
  if (running === undefined || running.stack.isReused) return;
  await running.stack.stop();
  const { removeStackData }: RemoveStackData = require('../../local-stack/src/remove-stack-data');
  await removeStackData(running.dir);
}

export = stopTestStack;
