import { waitFor } from '@streaks/testing/wait-for';
import { createEngineBench, type EngineBench } from './testing/test-engine';

jest.setTimeout(60_000);

describe('shutting down', () => {
  let bench: EngineBench;
  afterEach(() => bench.close());

  it('ends within the deadline while a transaction waits for a lock that nobody releases, and loses nothing', async () => {
    bench = await createEngineBench(2);
    const running = await bench.start();
    await bench.publish(0, 100);
    await bench.expectExactly(100);
    const blocker = await bench.database.pool.connect();
    try {
      await blocker.query('BEGIN');
      await blocker.query('LOCK TABLE counters IN ACCESS EXCLUSIVE MODE');
      await bench.publish(100, 200);
      await waitFor(async () => (await blocker.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount !== 0, {
        description: 'a transaction to wait for the lock',
      });
      const startedMs = performance.now();
      await running.stop(); // with a deadline of two seconds
      expect(performance.now() - startedMs).toBeLessThan(6_000);
    } finally {
      await blocker.query('ROLLBACK');
      blocker.release();
    }
    await bench.start();
    await bench.expectExactly(200);
  });
});
