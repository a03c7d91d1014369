import { Presets, SingleBar } from 'cli-progress';

/** How far a command is, one step after the other. */
export interface ProgressDisplay {
  /** A new step; ends the one before. */
  step(name: string, total: number): void;
  /** How much of the step is done; the total may turn out to be another one. */
  at(done: number, total?: number): void;
  close(): void;
}

/** A bar on a terminal, else a plain line at the start and the end of each step. */
export function createProgressDisplay(output: NodeJS.WriteStream): ProgressDisplay {
  return output.isTTY ? createBar(output) : createLines((line) => output.write(`${line}\n`));
}

export const silentProgress: ProgressDisplay = {
  step: () => undefined,
  at: () => undefined,
  close: () => undefined,
};

function createBar(output: NodeJS.WriteStream): ProgressDisplay {
  let bar: SingleBar | undefined;
  const close = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    step(name, total) {
      close();
      bar = new SingleBar(
        { stream: output, format: `${name.padEnd(34)} {bar} {value}/{total}` },
        Presets.shades_classic,
      );
      bar.start(Math.max(1, total), 0);
    },
    at(done, total) {
      if (total !== undefined) bar?.setTotal(Math.max(1, total));
      bar?.update(done);
    },
    close,
  };
}

/** Exported for its test. */
export function createLines(write: (line: string) => void): ProgressDisplay {
  let current: { readonly name: string; done: number } | undefined;
  const close = () => {
    if (current !== undefined) write(`${current.name}: ${current.done} done`);
    current = undefined;
  };
  return {
    step(name, total) {
      close();
      current = { name, done: 0 };
      write(`${name}: ${total} to do`);
    },
    at(done) {
      if (current !== undefined) current.done = done;
    },
    close,
  };
}
