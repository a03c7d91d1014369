/** What every section is given. */
export interface BenchContext {
  /** Runs of each figure; the median of them is told. */
  readonly runs: number;
  readonly targetMs: number;
  /** Servers of the run that are ours to watch, by name; none when they were given from outside. */
  readonly serverPids: Readonly<Record<string, number>>;
  /** Added to the environment of every service under test: to try a setting. */
  readonly serviceEnv: Readonly<Record<string, string>>;
  /** A folder for what a section writes; removed at the end. */
  readonly dir: string;
  readonly print: (line: string) => void;
}
