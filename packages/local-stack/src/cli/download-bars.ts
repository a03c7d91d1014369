import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import type { DownloadProgress } from '../artifacts/fetch-artifacts';

export type DownloadDisplay = { show(progress: DownloadProgress): void; close(): void };

const MEBIBYTE = 1024 * 1024;
const mebibytes = (bytes: number): number => Math.round((bytes / MEBIBYTE) * 10) / 10;

/** Bars on a terminal, else a plain line at each quarter. */
export function createDownloadDisplay(output: NodeJS.WriteStream): DownloadDisplay {
  return output.isTTY ? createBars(output) : createLines((line) => output.write(`${line}\n`));
}

function createBars(output: NodeJS.WriteStream): DownloadDisplay {
  const bars = new Map<string, SingleBar>();
  let display: MultiBar | null = null;
  return {
    show({ name, doneBytes, totalBytes }) {
      display ??= new MultiBar(
        { stream: output, format: 'downloading {name} {bar} {value}/{total} MiB' },
        Presets.shades_classic,
      );
      const bar = bars.get(name) ?? display.create(mebibytes(totalBytes), 0, { name: name.padEnd(8) });
      bars.set(name, bar);
      bar.update(mebibytes(doneBytes));
    },
    close: () => display?.stop(),
  };
}

/** Exported for its test. */
export function createLines(write: (line: string) => void): DownloadDisplay {
  const quarters = new Map<string, number>();
  return {
    show({ name, doneBytes, totalBytes }) {
      const quarter = Math.floor((doneBytes / totalBytes) * 4);
      if (quarter <= (quarters.get(name) ?? -1)) return;
      quarters.set(name, quarter);
      write(`downloading ${name}: ${quarter * 25} % of ${mebibytes(totalBytes)} MiB`);
    },
    close: () => undefined,
  };
}
