import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { SettingsChange } from '@streaks/shared/domain/settings/settings-change';
import type { StoredSettings } from '@streaks/shared/domain/settings/stored-settings';
import { foldUser, type RecordedEvent } from '@streaks/shared/domain/streaks/fold-user';
import { waitFor } from '@streaks/testing/wait-for';
import fc from 'fast-check';
import {
  applyUntilCommitted,
  createTestProjection,
  TEST_TARGETS,
  toRecord,
} from '../projections/streaks/test-support/drive-projection';
import { readUserState } from '../projections/streaks/test-support/stored-users';
import { createMembersBench, type MembersBench } from './test-support/members-bench';

jest.setTimeout(180_000);

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const FIRST_DAY = 20_700;
const START_MS = FIRST_DAY * DAY_MS;

let bench: MembersBench;
beforeEach(async () => {
  bench = await createMembersBench();
});
afterEach(() => bench.close());

const untilDone = () =>
  waitFor(async () => (await bench.database.pool.query('SELECT FROM reevaluations')).rowCount === 0, {
    description: 'no job to be left',
    timeoutMs: 60_000,
  });

const join = (userId: string, organisationId: string): UserEventToSend => ({
  kind: 'settings',
  userId,
  change: { changeId: 'join', changedAtMs: START_MS, effectiveFrom: 0 as LocalDay, organisationId },
});

const sessionOn = (userId: string, sessionId: string, day: number, minutes: number): UserEventToSend => {
  const startMs = START_MS + day * DAY_MS + 9 * 60 * MINUTE_MS;
  return { kind: 'session', userId, sessionId, startMs, endMs: startMs + minutes * MINUTE_MS, timezone: 'UTC' };
};

describe('who joins while their organisation changes', () => {
  const isWaiting = async () =>
    (await bench.database.pool.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount === 1;

  /** Twenty minutes on a day: enough for a target of ten, not for the default of thirty. */
  async function newcomer(): Promise<void> {
    const client = await bench.lanes.connect();
    try {
      await applyUntilCommitted(
        client,
        createTestProjection(),
        [toRecord(sessionOn('ada', 's', 0, 20), 1)],
        () => undefined,
      );
    } finally {
      client.release();
    }
  }

  const runsOfAda = async () => (await readUserState(bench.database.pool, 'ada')).runs;

  it.each([
    ['that nobody knew yet', false],
    ['that has settings', true],
  ])('first, in one %s: the change waits, and its pages meet the member', async (_, isKnown) => {
    await newcomer();
    if (isKnown) await bench.changeOrganisation('acme', { dailyCheckInTarget: 3 });
    bench.start();
    await untilDone();
    const joining = await bench.lanes.connect();
    try {
      await joining.query('BEGIN');
      await createTestProjection().apply(joining, [toRecord(join('ada', 'acme'), 2)], 0);
      let hasChanged = false;
      const changing = bench.changeOrganisation('acme', { dailyTargetSeconds: 600 }).then(() => {
        hasChanged = true;
      });
      await waitFor(async () => hasChanged || (await isWaiting()), { description: 'the change to wait, or not to' });
      if (hasChanged) await untilDone(); // what must not be: pages that meet nobody
      await joining.query('COMMIT');
      await changing;
    } finally {
      joining.release();
    }
    await untilDone();
    expect(await runsOfAda()).toEqual([{ first: FIRST_DAY, length: 1 }]);
  });

  it('second: the member waits for the change and is judged by it, with pages that met nobody', async () => {
    await newcomer();
    await bench.changeOrganisation('acme', { dailyCheckInTarget: 3 });
    const changing = await bench.lanes.connect();
    const joining = await bench.lanes.connect();
    try {
      // What the engine of organisations holds until its COMMIT.
      await changing.query(`BEGIN; SELECT FROM organisations WHERE organisation_id = 'acme' FOR UPDATE`);
      const joined = applyUntilCommitted(
        joining,
        createTestProjection(),
        [toRecord(join('ada', 'acme'), 2)],
        () => undefined,
      );
      await waitFor(isWaiting, { description: 'the member to wait' });
      const entry = { from: 0, changedAtMs: START_MS, changeId: 'c', recordTimeMs: START_MS, value: 600 };
      await changing.query(`UPDATE organisations SET settings = $1 WHERE organisation_id = 'acme'`, [
        JSON.stringify({ dailyTargetSeconds: [entry] }),
      ]);
      await changing.query('COMMIT');
      await joined;
    } finally {
      changing.release();
      joining.release();
    }
    expect(await runsOfAda()).toEqual([{ first: FIRST_DAY, length: 1 }]);
  });
});

describe('members, organisations and sessions in any interleaving', () => {
  const USERS = ['ada', 'bob', 'c\u{1f600}', 'c\u{fb01}', 'eve', 'fay', 'gus', 'hal'];
  const ORGANISATIONS = ['acme', 'best'];
  const OWNERS = 3;

  const freeze = fc.option(fc.record({ earnEvery: fc.integer({ min: 1, max: 3 }), cap: fc.constant(1) }));
  const dated = {
    changedAt: fc.nat({ max: 30 }),
    effectiveFrom: fc.integer({ min: -1, max: 9 }).map((day) => (FIRST_DAY + day) as LocalDay),
  };
  const settings = fc.record({
    kind: fc.constant('settings' as const),
    user: fc.constantFrom(...USERS),
    ...dated,
    change: fc.record(
      {
        organisationId: fc.constantFrom(null, ...ORGANISATIONS),
        dailyTargetSeconds: fc.constantFrom(null, 300, 3_000),
      },
      { requiredKeys: [] },
    ),
  });
  const session = fc.record({
    kind: fc.constant('session' as const),
    user: fc.constantFrom(...USERS),
    day: fc.nat({ max: 9 }),
    minutes: fc.constantFrom(5, 10, 15, 20, 30, 45),
  });
  const organisation = fc.record({
    kind: fc.constant('organisation' as const),
    organisationId: fc.constantFrom(...ORGANISATIONS),
    ...dated,
    change: fc.record({ dailyTargetSeconds: fc.constantFrom(null, 300, 900, 2_400), freeze }, { requiredKeys: [] }),
  });
  const steps = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: session },
      { weight: 2, arbitrary: settings },
      { weight: 2, arbitrary: organisation },
    ),
    { minLength: 40, maxLength: 90 },
  );

  type Step = typeof steps extends fc.Arbitrary<readonly (infer One)[]> ? One : never;
  type UserStep = Exclude<Step, { kind: 'organisation' }>;

  const changeOf = (step: Exclude<Step, { kind: 'session' }>, place: number): SettingsChange => ({
    changeId: `c${place}`,
    changedAtMs: START_MS + step.changedAt,
    effectiveFrom: step.effectiveFrom,
    ...step.change,
  });
  const eventOf = (step: UserStep, place: number): UserEventToSend =>
    step.kind === 'session'
      ? sessionOn(step.user, `s${place}`, step.day, step.minutes)
      : { kind: 'settings', userId: step.user, change: changeOf(step, place) };
  const recorded = (step: UserStep, place: number): RecordedEvent => {
    const event = eventOf(step, place);
    if (event.kind === 'session') return { ...event, recordTimeMs: place };
    if (event.kind === 'settings') return { kind: 'settings', change: event.change, recordTimeMs: place };
    throw new Error('no other kind is made here');
  };

  async function expectUsers(all: readonly Step[]): Promise<void> {
    const { rows } = await bench.database.pool.query<{ id: string; settings: StoredSettings }>(
      'SELECT organisation_id AS id, settings FROM organisations',
    );
    const organisations = new Map(rows.map(({ id, settings: stored }) => [id, stored]));
    for (const user of USERS) {
      const events = all.flatMap((step, place) =>
        step.kind !== 'organisation' && step.user === user ? [recorded(step, place)] : [],
      );
      const { focus } = foldUser(events, TEST_TARGETS, organisations);
      const { runs, timezone, bridging } = await readUserState(bench.database.pool, user);
      expect({ user, runs, timezone, bridging }).toEqual({
        user,
        runs: focus.runs,
        timezone: focus.timezone,
        bridging: focus.bridging,
      });
    }
  }

  it('end as the set of events says, with an unbroken history and without a deadlock', async () => {
    const deadlocks: unknown[] = [];
    bench.start({ pageMembers: 2, onFailed: (kind) => void (kind === 'unavailable' || deadlocks.push(kind)) });
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        await bench.database.pool.query(
          `TRUNCATE focus_sessions, daily_totals, user_streaks, streak_history, special_users, special_buckets,
             organisation_members, organisations, reevaluations;
           UPDATE outbox_shard SET out_seq = 0, projected_seq = 0, published_seq = 0`,
        );
        const own = async (owner: number) => {
          const client = await bench.lanes.connect();
          const projection = createTestProjection();
          try {
            const mine = [...all.entries()].filter(([place]) => place % OWNERS === owner);
            for (let from = 0; from < mine.length; from += 3) {
              const records = mine
                .slice(from, from + 3)
                .flatMap(([place, step]) =>
                  step.kind === 'organisation' ? [] : [toRecord(eventOf(step, place), place, { timestampMs: place })],
                );
              if (records.length === 0) continue;
              await applyUntilCommitted(
                client,
                projection,
                records,
                ({ code }) => void (code === '40P01' && deadlocks.push(code)),
                owner,
              );
            }
          } finally {
            client.release();
          }
        };
        const administrate = async () => {
          for (const [place, step] of all.entries()) {
            if (step.kind === 'organisation')
              await bench.changeOrganisation(step.organisationId, changeOf(step, place));
          }
        };
        await Promise.all([administrate(), ...Array.from({ length: OWNERS }, (_, owner) => own(owner))]);
        await untilDone();
        await expectUsers(all);
        await bench.expectUnbrokenOutbox();
      }),
      { numRuns: 20 },
    );
    expect(deadlocks).toEqual([]);
  });
});
