import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downloadFile } from './download-file';
import { assertDiskSpace, type DownloadProgress, fetchArtifacts } from './fetch-artifacts';

const CONTENT = randomBytes(400_000);
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const NAME = 'c-1.0.jar';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let requests: { url: string; range: string | undefined }[];
let answer: Answer;
let folder: string;

/** A repository as it should be: knows ranges. */
const serve: Answer = ({ headers }, response) => {
  const from = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
  response.writeHead(headers.range === undefined ? 200 : 206).end(CONTENT.subarray(from));
};

beforeEach(async () => {
  requests = [];
  answer = serve;
  folder = mkdtempSync(join(tmpdir(), 'streaks-download-'));
  server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', range: request.headers.range });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const repositoryUrl = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const download = (sha256 = SHA256, attempts = 2): Promise<void> =>
  downloadFile({ url: `${repositoryUrl()}/x`, target: join(folder, NAME), sha256, bytes: CONTENT.length, attempts });

test('a download that was cut off goes on where it stopped', async () => {
  answer = (_request, response) => {
    answer = serve;
    response.writeHead(200, { 'content-length': CONTENT.length });
    response.write(CONTENT.subarray(0, 150_000));
    // Cut once some of it is on the disk: a cut before that has nothing to go on from.
    const part = join(folder, `${NAME}.part`);
    const look = setInterval(() => {
      if (!existsSync(part) || statSync(part).size === 0) return;
      clearInterval(look);
      response.destroy();
    }, 5);
  };
  await download();
  expect(readFileSync(join(folder, NAME)).equals(CONTENT)).toBe(true);
  expect(requests).toHaveLength(2);
  expect(Number(/bytes=(\d+)-/.exec(requests[1]?.range ?? '')?.[1])).toBeGreaterThan(0);
});

test('what an earlier process left is used', async () => {
  writeFileSync(join(folder, `${NAME}.part`), CONTENT.subarray(0, 100_000));
  await download();
  expect(requests.map(({ range }) => range)).toEqual(['bytes=100000-']);
  expect(readFileSync(join(folder, NAME)).equals(CONTENT)).toBe(true);
});

test('a repository that ignores ranges is read from the beginning', async () => {
  writeFileSync(join(folder, `${NAME}.part`), CONTENT.subarray(0, 100_000));
  answer = (_request, response) => response.writeHead(200).end(CONTENT);
  await download();
  expect(readFileSync(join(folder, NAME)).equals(CONTENT)).toBe(true);
});

test('a file with another checksum is thrown away and never gets its name', async () => {
  await expect(download('0'.repeat(64))).rejects.toThrow(
    /^Download of .* failed: checksum [0-9a-f]{64} instead of 0{64}\./,
  );
  expect(readdirSync(folder)).toEqual([]);
});

test('a refusal is not asked for again and names the address and the status', async () => {
  answer = (_request, response) => response.writeHead(404).end();
  await expect(download()).rejects.toThrow(/^Download of http.*\/x failed: HTTP 404\. .*MAVEN_REPOSITORY_URL/);
  expect(requests).toHaveLength(1);
});

test('two starts at once fetch each file once, and both find it whole', async () => {
  const set = {
    name: 'kafka',
    artifacts: [1, 2, 3].map((n) => ({ artifact: `a.b:c${n}:1.0`, bytes: CONTENT.length, sha256: SHA256 })),
  } as const;
  let unpacked = 0;
  const start = (): Promise<string> =>
    fetchArtifacts(set, {
      cacheFolder: folder,
      repositoryUrl: repositoryUrl(),
      onProgress: () => undefined,
      product: 'product',
      unpack: async (target, files) => {
        unpacked += 1;
        expect(files.every((file) => existsSync(file))).toBe(true);
        writeFileSync(join(target, 'product'), '');
      },
    });
  const [first, second] = await Promise.all([start(), start()]);
  expect(first).toBe(second);
  expect(requests.map(({ url }) => url).sort()).toEqual([1, 2, 3].map((n) => `/a/b/c${n}/1.0/c${n}-1.0.jar`));
  expect(unpacked).toBe(1);
});

test('progress ends at the whole, also when a part was fetched twice', async () => {
  answer = (_request, response) => {
    answer = (_again, whole) => whole.writeHead(200).end(CONTENT);
    response.writeHead(200, { 'content-length': CONTENT.length });
    response.write(CONTENT.subarray(0, 150_000), () => response.destroy());
  };
  const shown: DownloadProgress[] = [];
  await fetchArtifacts(
    { name: 'redis', artifacts: [{ artifact: 'a.b:c:1.0', bytes: CONTENT.length, sha256: SHA256 }] },
    { cacheFolder: folder, repositoryUrl: repositoryUrl(), onProgress: (progress) => shown.push(progress) },
  );
  expect(Math.max(...shown.map(({ doneBytes }) => doneBytes))).toBe(CONTENT.length);
  expect(shown.at(-1)).toEqual({ name: 'redis', doneBytes: CONTENT.length, totalBytes: CONTENT.length });
});

test('a disk without room is one line, before anything is fetched', async () => {
  await expect(assertDiskSpace(folder, Number.MAX_SAFE_INTEGER)).rejects.toThrow(
    /^No disk space: .* has \d+ MiB left and \d+ MiB are needed\.$/,
  );
});
