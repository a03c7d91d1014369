import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { waitFor } from '@streaks/testing/wait-for';
import type { OutputRows, Publisher } from '../publication';
import type { PublisherState } from '../publisher-options';
import { createPublisherInWorker } from './create-publisher-in-worker';

const FILE = join(__dirname, '../../testing/publisher-worker.cjs');

jest.setTimeout(20_000);

function start(workerData: object = {}, maxUnreadBytes?: number) {
  const trial = {
    lines: [] as string[],
    failed: [] as unknown[],
    deaths: [] as unknown[],
    state: undefined as PublisherState | undefined,
    threads: 0,
    publisher: undefined as unknown as Publisher,
  };
  trial.publisher = createPublisherInWorker({
    createWorker: () => {
      trial.threads++;
      return new Worker(FILE, { workerData });
    },
    events: {
      published: () => undefined,
      failed: (shard, error) => trial.failed.push([shard, error]),
      halted: () => undefined,
      ignoredMark: () => undefined,
      missingRows: () => undefined,
      state: (state) => {
        trial.state = state;
      },
    },
    onLogLine: (line) => trial.lines.push(line),
    onWorkerDied: (error) => trial.deaths.push(error),
    restartMinMs: 1,
    nowMs: () => performance.now(),
    ...(maxUnreadBytes === undefined ? {} : { maxUnreadBytes }),
  });
  return trial;
}

const row = (seq: bigint, value: string): OutputRows => ({
  firstSeq: seq,
  lastSeq: seq,
  records: [{ seq, topic: 't', partition: 0, body: Buffer.from(value), isState: false }],
});

describe('a publisher in a worker thread', () => {
  let trial: ReturnType<typeof start>;
  afterEach(() => trial.publisher.close(100));

  const wanted = (shard: number) =>
    waitFor(() => trial.publisher.wants(shard), { description: `shard ${shard} to be wanted`, timeoutMs: 15_000 });
  const line = (text: string) =>
    waitFor(() => trial.lines.includes(text), { description: `the worker to say ${text}`, timeoutMs: 15_000 });

  it('is given shards and rows, and tells what happens', async () => {
    trial = start();
    trial.publisher.setShards([3, 4]);
    await wanted(4);
    trial.publisher.offer(
      new Map([
        [4, row(1n, 'one')],
        [5, row(1n, 'of another')],
      ]),
    );
    trial.publisher.offer(new Map([[3, row(7n, 'fail')]]));
    await line('rows 3 7 fail');
    expect(trial.lines).toEqual(expect.arrayContaining(['shards 3,4', 'rows 4 1 one']));
    expect(trial.lines.join()).not.toContain('of another');
    await waitFor(() => trial.failed.length > 0, { description: 'the error to be told' });
    expect(trial.failed).toEqual([[3, expect.objectContaining({ message: 'failed', type: 'INVALID_PRODUCER_EPOCH' })]]);
    expect(trial.state?.shards.live).toBe(2);
  });

  it('is started again when its thread dies, with the shards of now', async () => {
    trial = start();
    trial.publisher.setShards([1]);
    await wanted(1);
    trial.publisher.offer(new Map([[1, row(1n, 'die')]]));
    await waitFor(() => trial.deaths.length > 0, { description: 'the thread to die' });
    expect(trial.publisher.wants(1)).toBe(false);
    trial.publisher.setShards([1, 2]);
    await wanted(2);
    trial.publisher.offer(new Map([[2, row(1n, 'again')]]));
    await line('rows 2 1 again');
    expect(trial.threads).toBe(2);
  });

  it('is tried again when its thread cannot start', async () => {
    trial = start({ diesAtStart: true });
    await waitFor(() => trial.threads > 2, { description: 'a third try', timeoutMs: 15_000 });
    expect(String(trial.deaths[0])).toContain('no way to start');
  });

  it('sends no more than the worker has room for', async () => {
    trial = start({}, 1);
    trial.publisher.setShards([1]);
    await wanted(1);
    trial.publisher.offer(new Map([[1, row(1n, 'first')]]));
    expect(trial.publisher.wants(1)).toBe(false);
    trial.publisher.offer(new Map([[1, row(2n, 'too much')]]));
    await wanted(1);
    trial.publisher.offer(new Map([[1, row(3n, 'third')]]));
    await line('rows 1 3 third');
    expect(trial.lines.join()).not.toContain('too much');
  });

  it('closes its publisher and what that uses, then the thread', async () => {
    trial = start();
    trial.publisher.setShards([1]);
    await wanted(1);
    await trial.publisher.close(5_000);
    expect(trial.lines.slice(-2)).toEqual(['closed 5000', 'disposed']);
    expect(trial.deaths).toEqual([]);
  });

  it('is ended at the deadline when its publisher hangs', async () => {
    trial = start({ neverCloses: true });
    trial.publisher.setShards([1]);
    await wanted(1);
    await trial.publisher.close(1);
    expect(trial.lines).not.toContain('disposed');
    expect(trial.deaths).toEqual([]);
  });
});
