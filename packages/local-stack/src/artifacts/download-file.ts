import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorLine, StackError } from '../stack-error';

export type DownloadRequest = {
  readonly url: string;
  readonly target: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Called with the number of bytes that were added; negative when a broken part is thrown away. */
  readonly onBytes?: (bytes: number) => void;
  /** Attempts before giving up; each goes on where the last was cut off. */
  readonly attempts?: number;
};

const STALL_TIMEOUT_MS = 30_000;

/**
 * Fetches one file. What arrived is kept in `<target>.part`, so that a download that was cut off goes on from there; the target appears
 * under its name only with the right checksum. One caller at a time: hold the folder's lock.
 */
export async function downloadFile(request: DownloadRequest): Promise<void> {
  const attempts = request.attempts ?? 4;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await fetchRest(request);
      return;
    } catch (error) {
      if (error instanceof StackError || attempt >= attempts) throw failure(request.url, error);
    }
  }
}

async function fetchRest({ url, target, sha256, bytes, onBytes = () => undefined }: DownloadRequest): Promise<void> {
  const part = `${target}.part`;
  let received = await sizeOf(part);
  if (received > bytes) {
    await rm(part);
    received = 0;
  }
  onBytes(received);
  let counted = received;
  const stall = createStallGuard();
  try {
    if (received < bytes) {
      const response = await fetch(url, {
        headers: received > 0 ? { range: `bytes=${received}-` } : {},
        signal: stall.signal,
      });
      if (!response.ok || response.body === null) throw statusFailure(url, response.status);
      const isResumed = response.status === 206;
      if (!isResumed) {
        onBytes(-counted);
        counted = 0;
      }
      const meter = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          stall.alive();
          counted += chunk.length;
          onBytes(chunk.length);
          done(null, chunk);
        },
      });
      await pipeline(Readable.fromWeb(response.body), meter, createWriteStream(part, { flags: isResumed ? 'a' : 'w' }));
    }
    const checksum = await sha256Of(part);
    if (checksum !== sha256) {
      await rm(part);
      throw new Error(`checksum ${checksum} instead of ${sha256}`);
    }
    await rename(part, target);
  } catch (error) {
    onBytes(-counted);
    throw error;
  } finally {
    stall.end();
  }
}

/** Lower case hexadecimal SHA-256 of a file. */
export async function sha256Of(path: string): Promise<string> {
  const hash: Hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** A connection that stays open and sends nothing must not hang the start for ever. */
function createStallGuard(): { signal: AbortSignal; alive(): void; end(): void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error('nothing arrived for 30 s')), STALL_TIMEOUT_MS);
  return { signal: controller.signal, alive: () => timer.refresh(), end: () => clearTimeout(timer) };
}

/** Asking again helps against a server's own fault, not against a refusal. */
function statusFailure(url: string, status: number): Error {
  return status >= 500 || status === 429 ? new Error(`HTTP ${status}`) : failure(url, `HTTP ${status}`);
}

function failure(url: string, error: unknown): StackError {
  if (error instanceof StackError) return error;
  const cause = error instanceof Error && error.cause !== undefined ? `: ${errorLine(error.cause)}` : '';
  return new StackError(
    `Download of ${url} failed: ${errorLine(error)}${cause}. Run it again to go on; MAVEN_REPOSITORY_URL names a mirror.`,
  );
}
