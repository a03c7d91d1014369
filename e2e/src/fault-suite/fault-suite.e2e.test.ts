import { join } from 'node:path';
import { repositoryRoot } from '@streaks/testing/repository';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import { type FaultCluster, startFaultCluster } from './cluster/fault-cluster';
import { figuresLine, publishedLines } from './figures';
import { runFaultSuite } from './run-fault-suite';

const KILLS = 15;
const EVENTS = 12_000;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** The quick half of `npm run test:faults`: the same code, on the one broker of the tests. */
describe(`${EVENTS} events while processors are killed at failpoints ${KILLS} times`, () => {
  let cluster: FaultCluster | undefined;
  const ending = new AbortController();

  beforeAll(async () => {
    cluster = await startFaultCluster({
      addresses: stackAddresses(),
      dir: join(repositoryRoot, '.local', 'faults', 'quick'),
      env: process.env,
      partitions: 12,
      sessionTimeoutMs: 2_000,
    });
  }, 60_000);

  afterAll(async () => {
    ending.abort(new Error('the test is over'));
    await cluster?.stop({ keepData: false });
  }, 60_000);

  it('loses, repeats and falsifies nothing, in Postgres, in Redis and for read_committed consumers', async () => {
    if (cluster === undefined) throw new Error('the cluster did not start');
    const { figures, faults } = await runFaultSuite(cluster, {
      seed: 20_261_121,
      kills: KILLS,
      events: EVENTS,
      maxMs: 180_000,
      processors: 3,
      users: 600,
      nowMs: () => performance.now(),
      print,
      signal: ending.signal,
      onUnexpectedEnd: (detail, output) => print(`a processor ${detail}\n${output.slice(-4_000)}`),
    });
    for (const line of [...publishedLines(figures.published), figuresLine(figures)]) print(line);
    expect(faults).toEqual([]);
    expect(figures.kills).toBeGreaterThanOrEqual(KILLS);
    expect(figures.withWorkOpen).toBeGreaterThan(0);
  }, 420_000);
});
