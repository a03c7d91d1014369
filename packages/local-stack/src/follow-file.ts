import { closeSync, openSync, readSync, statSync } from 'node:fs';

const INTERVAL_MS = 200;

/** Calls `onLine` for each line that is added to a file from now on, also when the file is replaced by a new one. Answers with a function that ends it. */
export function followFile(path: string, onLine: (line: string) => void): () => void {
  let position = 0;
  let inode = 0;
  let rest = '';
  const read = (): void => {
    const state = statSync(path, { throwIfNoEntry: false });
    if (state === undefined) return;
    if (state.ino !== inode || state.size < position) {
      position = 0;
      inode = state.ino;
      rest = '';
    }
    if (state.size === position) return;
    const chunk = Buffer.alloc(state.size - position);
    const file = openSync(path, 'r');
    position += readSync(file, chunk, 0, chunk.length, position);
    closeSync(file);
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
  const timer = setInterval(read, INTERVAL_MS).unref();
  return () => {
    clearInterval(timer);
    read();
  };
}
