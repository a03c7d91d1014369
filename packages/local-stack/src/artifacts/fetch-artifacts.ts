import { existsSync } from 'node:fs';
import { mkdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { StackError } from '../stack-error';
import { downloadFile } from './download-file';
import { withFolderLock } from './folder-lock';
import { type ArtifactSet, artifactAddress, fileName, folderName } from './pinned-artifacts';

/** How far a download is. `doneBytes` never passes `totalBytes`. */
export type DownloadProgress = { readonly name: string; readonly doneBytes: number; readonly totalBytes: number };

export type FetchOptions = {
  readonly cacheFolder: string;
  readonly repositoryUrl: string | undefined;
  readonly onProgress: (progress: DownloadProgress) => void;
  /** Turns the verified files into what the server runs from; runs under the folder's lock, once. */
  readonly unpack?: (folder: string, files: readonly string[]) => Promise<void>;
  /** Name, inside the folder, of what `unpack` leaves; its presence means that nothing is left to do. */
  readonly product?: string;
};

const CONCURRENCY = 8;
/** Room for what is unpacked and for the data of the servers, beyond the download itself. */
const SPARE_BYTES = 512 * 1024 * 1024;

/** Makes sure a set of files is in the cache and answers with its folder. Two that start at once do the work once. */
export async function fetchArtifacts(set: ArtifactSet, options: FetchOptions): Promise<string> {
  const folder = join(options.cacheFolder, folderName(set));
  if (await isComplete(set, folder, options)) return folder;
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await withFolderLock(folder, async () => {
    if (await isComplete(set, folder, options)) return;
    await downloadMissing(set, folder, options);
    await options.unpack?.(
      folder,
      set.artifacts.map(({ artifact }) => join(folder, fileName(artifact))),
    );
  });
  return folder;
}

/** A file stands under its own name only when its checksum was right, so presence and length are enough here. */
async function isComplete(set: ArtifactSet, folder: string, { product }: FetchOptions): Promise<boolean> {
  if (product !== undefined) return existsSync(join(folder, product));
  return (await listMissing(set, folder)).length === 0;
}

async function listMissing(set: ArtifactSet, folder: string): Promise<ArtifactSet['artifacts'][number][]> {
  const missing = await Promise.all(
    set.artifacts.map(async (artifact) => {
      const length = await stat(join(folder, fileName(artifact.artifact))).then(
        ({ size }) => size,
        () => -1,
      );
      return length === artifact.bytes ? [] : [artifact];
    }),
  );
  return missing.flat();
}

async function downloadMissing(set: ArtifactSet, folder: string, options: FetchOptions): Promise<void> {
  const missing = await listMissing(set, folder);
  const totalBytes = set.artifacts.reduce((sum, { bytes }) => sum + bytes, 0);
  const missingBytes = missing.reduce((sum, { bytes }) => sum + bytes, 0);
  await assertDiskSpace(folder, missingBytes + SPARE_BYTES);
  let doneBytes = totalBytes - missingBytes;
  const report = (added: number): void => {
    doneBytes += added;
    options.onProgress({ name: set.name, doneBytes, totalBytes });
  };
  report(0);
  const queue = [...missing];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const url = await artifactAddress(next.artifact, options.repositoryUrl);
      await downloadFile({ ...next, url, target: join(folder, fileName(next.artifact)), onBytes: report });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

/** Throws one line when the disk that holds `folder` has less than `neededBytes` left for us. */
export async function assertDiskSpace(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MiB`;
  throw new StackError(
    `No disk space: ${folder} has ${mebibytes(freeBytes)} left and ${mebibytes(neededBytes)} are needed.`,
  );
}
