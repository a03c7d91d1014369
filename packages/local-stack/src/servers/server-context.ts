import type { DownloadProgress } from '../artifacts/fetch-artifacts';

/** What every server's recipe needs to know. */
export type ServerContext = {
  /** Folder of the stack; each server keeps its data in a folder of its own below. */
  readonly dir: string;
  readonly cacheFolder: string;
  /** Environment of the caller: PATH, JAVA_HOME and the settings of this package. */
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (progress: DownloadProgress) => void;
};
