import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import type { DecodedRecord } from '@streaks/exactly-once/projection';
import type { UserEvent, UserEventToSend } from '@streaks/shared/contracts/user-event';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { type ReferenceRecord, type ReferenceUserEvent, userOf } from '@streaks/testing/reference/reference-event';
import { referenceUser } from '@streaks/testing/reference/reference-user';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { waitFor } from '@streaks/testing/wait-for';
import fc from 'fast-check';
import { Pool } from 'pg';
import { arbitraryRecord, ofUser, TEST_ORGANISATIONS } from '../test-support/arbitrary-events';
import {
  applyUncommitted,
  applyUntilCommitted,
  commitApplied,
  createTestProjection,
  TEST_TARGETS,
  toRecord,
} from '../test-support/drive-projection';
import { expectAccount, storeTestOrganisations } from '../test-support/expect-account';
import { readUserDays, readUserState } from '../test-support/stored-users';
import { toUserEvent } from '../test-support/to-user-event';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 5, 9);
const DAY = Math.floor(START_MS / 86_400_000) as LocalDay;

let database: TestDatabase;
let lanes: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  lanes = new Pool({ connectionString: database.url, max: 2, options: laneConnectionOptions });
  await database.pool.query('INSERT INTO outbox_shard (shard) VALUES (0), (1)');
  await storeTestOrganisations(database.pool);
}, 60_000);
afterAll(async () => {
  await lanes.end();
  await database.drop();
}, 20_000);

function session(userId: string, sessionId: string, minutes: number): UserEventToSend {
  return {
    kind: 'session',
    userId,
    sessionId,
    startMs: START_MS,
    endMs: START_MS + minutes * MINUTE_MS,
    timezone: 'UTC',
  };
}

const target = (userId: string, seconds: number): UserEventToSend => ({
  kind: 'settings',
  userId,
  change: { changeId: 'target', changedAtMs: 0, effectiveFrom: DAY, dailyTargetSeconds: seconds },
});

const one = (event: UserEventToSend): readonly DecodedRecord<UserEvent>[] => [toRecord(event, 0, { timestampMs: 1 })];

async function isWaitingForLock(): Promise<boolean> {
  const { rows } = await database.pool.query<{ waiting: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted) AS waiting`,
  );
  return rows[0]?.waiting ?? false;
}

/** Applies both at once, the second one begun while the first is not committed, and waits until both are. */
async function race(first: UserEventToSend, second: UserEventToSend): Promise<{ readonly hasWaited: boolean }> {
  const [ahead, behind] = [await lanes.connect(), await lanes.connect()];
  const [projection, other] = [createTestProjection(), createTestProjection()];
  try {
    const applied = await applyUncommitted(ahead, projection, one(first), 1);
    let isDone = false;
    const following = applyUncommitted(behind, other, one(second), 1).finally(() => {
      isDone = true;
    });
    await waitFor(async () => isDone || (await isWaitingForLock()), {
      description: 'the second owner to wait or to be done',
    });
    const hasWaited = !isDone;
    await commitApplied(ahead, projection, applied, 0);
    await commitApplied(behind, other, await following, 1);
    return { hasWaited };
  } finally {
    // Closed: what failed in the middle leaves a transaction open.
    ahead.release(true);
    behind.release(true);
  }
}

describe('a correction beside sessions of the same user on another connection', () => {
  it.each(['session first', 'settings first'])(
    'leaves no day wrongly unqualified: a target that is lowered while a session is applied, %s',
    async (order) => {
      const userId = `lowered, ${order}`.replaceAll(/\W+/g, '-');
      // Too little for the default target, enough for the new one.
      const events = [session(userId, '1', 20), target(userId, 900)] as const;
      const [first, second] = order === 'session first' ? events : ([events[1], events[0]] as const);
      expect(await race(first, second)).toEqual({ hasWaited: true });
      expect(await readUserState(database.pool, userId)).toMatchObject({ runs: [{ first: DAY, length: 1 }] });
    },
  );

  it('leaves no day wrongly qualified: a target that is raised while a session is applied', async () => {
    const userId = 'raised';
    expect(await race(session(userId, '1', 40), target(userId, 3_600))).toEqual({ hasWaited: true });
    expect(await readUserState(database.pool, userId)).toMatchObject({ runs: [] });
  });

  it('loses no total: a session that is retracted while another one of its day is applied', async () => {
    const client = await lanes.connect();
    await applyUntilCommitted(client, createTestProjection(), one(session('total', '1', 40)), () => undefined);
    client.release();
    const retraction: UserEventToSend = { kind: 'retraction', userId: 'total', sessionId: '1' };
    expect(await race(session('total', '2', 35), retraction)).toEqual({ hasWaited: true });
    expect((await readUserDays(database.pool, 'total')).get(DAY)?.total).toBe(35 * MINUTE_MS);
    expect(await readUserState(database.pool, 'total')).toMatchObject({
      runs: [{ first: DAY, length: 1 }],
      version: 1,
    });
  });

  it('stores no session that was retracted or erased while it was applied', async () => {
    const retraction: UserEventToSend = { kind: 'retraction', userId: 'gone', sessionId: '1' };
    expect(await race(retraction, session('gone', '1', 40))).toEqual({ hasWaited: true });
    expect(await race({ kind: 'erasure', userId: 'gone-too' }, session('gone-too', '1', 40))).toEqual({
      hasWaited: true,
    });
    for (const userId of ['gone', 'gone-too']) expect((await readUserDays(database.pool, userId)).size).toBe(0);
  });

  it('waits for nobody where only sessions are at hand', async () => {
    expect(await race(session('shared', '1', 20), session('shared-2', '2', 20))).toEqual({ hasWaited: false });
  });
});

type UserRecord = ReferenceRecord<ReferenceUserEvent>;

describe('two owners of events of every kind', () => {
  it('reach the state of the set of events, and never deadlock', async () => {
    const users = ['a', 'b', 'c'];
    const batches = fc.array(fc.array(arbitraryRecord(users), { minLength: 1, maxLength: 15 }), {
      minLength: 1,
      maxLength: 5,
    });
    const codes = new Set<string>();
    let round = 0;
    await fc.assert(
      fc.asyncProperty(batches, batches, async (...owners) => {
        round += 1;
        const rename = (userId: string) => `${round}-${userId}`;
        const sent: UserRecord[] = [];
        await Promise.all(
          owners.map(async (ofOwner, owner) => {
            const client = await lanes.connect();
            const projection = createTestProjection();
            try {
              for (const [number, records] of ofOwner.entries()) {
                const own = records.map(({ event, recordTimeMs }) => ({ event: ofUser(event, rename), recordTimeMs }));
                sent.push(...own);
                const batch = own.map(({ event, recordTimeMs }, index) =>
                  toRecord(toUserEvent(event), number * 1_000 + index, { timestampMs: recordTimeMs }),
                );
                await applyUntilCommitted(client, projection, batch, ({ code }) => codes.add(code), owner);
              }
            } finally {
              client.release();
            }
          }),
        );
        const options = { targets: TEST_TARGETS, organisations: TEST_ORGANISATIONS };
        for (const userId of users.map(rename)) {
          const records = sent.filter(({ event }) => userOf(event) === userId);
          await expectAccount(database.pool, userId, referenceUser(records, options));
        }
      }),
      { numRuns: 40 },
    );
    // A row that both created, or one that is remembered from before the other's change; never a deadlock.
    expect([...codes].filter((code) => code !== '23505' && code !== '40001')).toEqual([]);
  }, 180_000);
});
