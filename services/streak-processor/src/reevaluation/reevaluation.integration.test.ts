import { waitFor } from '@streaks/testing/wait-for';
import { REEVALUATION_STEPS } from './reevaluation-steps';
import { createMembersBench, type MembersBench } from './test-support/members-bench';

jest.setTimeout(90_000);

const THREE_DAYS = '{[2026-11-01,2026-11-04)}';
const TEN_MINUTES = { dailyTargetSeconds: 600 };
const AN_HOUR = { dailyTargetSeconds: 3_600 };

describe('members of a changed organisation', () => {
  let bench: MembersBench;
  beforeEach(async () => {
    bench = await createMembersBench();
  });
  afterEach(() => bench.close());

  const untilDone = () =>
    waitFor(async () => (await bench.database.pool.query('SELECT FROM reevaluations')).rowCount === 0, {
      description: 'no job to be left',
      timeoutMs: 40_000,
    });

  it('are evaluated page by page, and nobody else is', async () => {
    await bench.addMembers('acme', 0, 45); // two pages of twenty and one of five
    await bench.addMembers('other', 0, 5);
    await bench.changeOrganisation('acme', TEN_MINUTES);
    const waiting: number[] = [];
    const worker = bench.start({ onWaiting: (jobs) => void waiting.push(jobs) });
    await untilDone();
    await waitFor(() => waiting.at(-1) === 0, { description: 'the gauge to follow' });
    expect(await bench.streaks()).toEqual([{ runs: THREE_DAYS, version: '1', users: 45 }]);
    expect(worker.evaluated()).toBe(45);
    expect(waiting.filter((jobs) => jobs === 1)).toHaveLength(2);
    const { rows } = await bench.database.pool.query(
      `SELECT DISTINCT change_type, topic_id, partition, "offset"::int FROM streak_history`,
    );
    expect(rows).toEqual([{ change_type: 'STREAK_REVISED', topic_id: expect.any(String), partition: 0, offset: 1 }]);
    await bench.expectUnbrokenOutbox();
  });

  it.each(REEVALUATION_STEPS)(
    'are all evaluated, each with one change, when connections die at %s of every third page',
    async (deadly) => {
      await bench.addMembers('acme', 0, 210);
      await bench.changeOrganisation('acme', TEN_MINUTES);
      let passed = 0;
      let deaths = 0;
      const onStep = async (step: string) => {
        if (step !== deadly || ++passed % 3 !== 0 || deaths >= 4) return;
        deaths += 1;
        await bench.killWorkers();
      };
      bench.start({ onStep, random: () => 0.1 });
      await untilDone();
      expect(deaths).toBeGreaterThan(2);
      expect(await bench.streaks()).toEqual([{ runs: THREE_DAYS, version: '1', users: 210 }]);
      await bench.expectUnbrokenOutbox();
    },
  );

  it('of several organisations are shared by several processors, and each is left where one has stopped', async () => {
    const ids = ['acme', 'best', 'core', 'dune'];
    for (const id of ids) {
      await bench.addMembers(id, 0, 100);
      await bench.changeOrganisation(id, TEN_MINUTES);
    }
    const workers = [bench.start(), bench.start(), bench.start()];
    await waitFor(() => workers.every(({ evaluated }) => evaluated() > 0), { description: 'all to have a page' });
    await workers[0]?.stop(2_000);
    await untilDone();
    expect(await bench.streaks()).toEqual([{ runs: THREE_DAYS, version: '1', users: 400 }]);
    await waitFor(() => workers.reduce((sum, { evaluated }) => sum + evaluated(), 0) === 400, {
      description: 'each member to be counted once',
    });
    await bench.expectUnbrokenOutbox();
  });

  it('that changed twice end as the last change says; the first job leaves to the second what is before its cursor', async () => {
    await bench.addMembers('acme', 0, 100);
    await bench.changeOrganisation('acme', TEN_MINUTES);
    const first = bench.start({ pageMembers: 30 });
    await waitFor(() => first.evaluated() > 0, { description: 'a page of the first job' });
    await first.stop(2_000);
    const done = first.evaluated();
    expect(done).toBeLessThan(100);
    await bench.changeOrganisation('acme', AN_HOUR);
    const second = bench.start({ pageMembers: 30 });
    await untilDone();
    await waitFor(() => second.evaluated() === 100, { description: 'all members to be counted' });
    expect(await bench.streaks()).toEqual([{ runs: '{}', version: '2', users: done }]);
    await bench.expectUnbrokenOutbox();
  });

  it('wait for the job that fails, and those of other organisations do not', async () => {
    await bench.addMembers('acme', 0, 5);
    await bench.addMembers('best', 0, 5);
    await bench.database.pool.query(
      `UPDATE special_users SET settings = '{"organisationId": 7}' WHERE user_id LIKE 'acme%'`,
    );
    await bench.changeOrganisation('acme', TEN_MINUTES);
    await bench.changeOrganisation('best', TEN_MINUTES);
    const failures: string[] = [];
    bench.start({ onFailed: (kind) => void failures.push(kind) });
    const jobs = async () => (await bench.database.pool.query('SELECT organisation_id AS id FROM reevaluations')).rows;
    await waitFor(async () => (await jobs()).length === 1, { description: 'the other job to be done' });
    expect(await jobs()).toEqual([{ id: 'acme' }]);
    expect(failures).toEqual(['bug']);
    expect(await bench.streaks()).toEqual([{ runs: THREE_DAYS, version: '1', users: 5 }]);
  });

  it('are held back by the fence of a rebuild, as appliers are', async () => {
    await bench.addMembers('acme', 0, 5);
    await bench.changeOrganisation('acme', TEN_MINUTES);
    const fence = await bench.lanes.connect();
    try {
      await fence.query('BEGIN; LOCK TABLE partition_progress IN EXCLUSIVE MODE');
      const worker = bench.start();
      await waitFor(async () => (await fence.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount === 1, {
        description: 'the worker to wait',
      });
      expect(await bench.streaks()).toEqual([]);
      await fence.query('COMMIT');
      await untilDone();
      await waitFor(() => worker.evaluated() === 5, { description: 'all members to be counted' });
    } finally {
      fence.release();
    }
  });
});
