import { type Stack, type StackOptions, startStack } from '../start-stack';
import { createDownloadDisplay } from './download-bars';

/** Starts the stack and shows what is going on meanwhile. */
export async function launchStack(options: StackOptions): Promise<Stack> {
  const display = createDownloadDisplay(process.stdout);
  try {
    return await startStack({ ...options, onProgress: display.show });
  } finally {
    display.close();
  }
}

/** Ends all servers at once, losing nothing that they had confirmed. */
export function killStack(stack: Stack): void {
  if (stack.isReused) return;
  for (const name of Object.keys(stack.pids()) as (keyof ReturnType<Stack['pids']>)[]) stack.kill(name, 'SIGKILL');
}
