import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { emptyStreakState } from '@streaks/shared/domain/streaks/streak-state';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import type { PoolClient } from 'pg';
import type { CommittedEvents } from '../create-streaks-projection';
import { applyInTransaction, createTestProjection, toRecord } from '../test-support/drive-projection';

const START_MS = Date.UTC(2026, 0, 5, 9);
const MINUTE_MS = 60_000;
const DAY = Math.floor(START_MS / 86_400_000) as LocalDay;

let database: TestDatabase;
let client: PoolClient;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query('INSERT INTO outbox_shard (shard) VALUES (0)');
  client = await database.pool.connect();
}, 60_000);
afterAll(async () => {
  client.release();
  await database.drop();
});

function session(userId: string, sessionId: string, minutes: number): UserEventToSend {
  const endMs = START_MS + minutes * MINUTE_MS;
  return { kind: 'session', userId, sessionId, startMs: START_MS, endMs, timezone: 'Asia/Tokyo' };
}

const checkIn = (userId: string, checkInId: string): UserEventToSend => ({
  kind: 'check-in',
  userId,
  checkInId,
  atMs: START_MS,
  timezone: 'Asia/Tokyo',
});

let offset = 0;
/** A record whose sender waits under the name given; recorded as many milliseconds after 1970 as its offset is. */
function awaited(name: string, event: UserEventToSend) {
  offset += 1;
  const headers = { 'x-reply-to': name, 'x-request-id': `request of ${name}` };
  return toRecord(event, offset, { timestampMs: offset, headers });
}

/** Applies records and returns the replies without their states. */
async function replyTo(...records: readonly ReturnType<typeof awaited>[]) {
  const { outcome } = await applyInTransaction(client, createTestProjection(), records, 0);
  return outcome.replies.map(({ state, ...reply }) => reply);
}

describe('replies', () => {
  it('tell the state after the transaction, also where this record changed nothing', async () => {
    const projection = createTestProjection();
    await applyInTransaction(client, projection, [awaited('before', session('a', '1', 40))], 0);
    const { outcome, changes } = await applyInTransaction(
      client,
      projection,
      [
        awaited('repeat', session('a', '1', 40)),
        awaited('short', session('b', '1', 5)),
        awaited('new', session('c', '1', 40)),
        awaited('same', session('c', '1', 40)),
        toRecord(session('d', '1', 40), 99),
      ],
      0,
    );
    const state = { runs: [{ first: DAY, length: 1 }], timezone: 'Asia/Tokyo', version: 1 };
    const common = { eventId: '1', ruleId: 'focus' };
    expect(outcome.replies).toEqual([
      {
        ...common,
        replyTo: 'repeat',
        userId: 'a',
        outcome: 'duplicate',
        changeType: 'STREAK_MAINTAINED',
        state: { ...state, updatedAtMs: 1 },
      },
      { ...common, replyTo: 'short', userId: 'b', outcome: 'processed', state: emptyStreakState },
      {
        ...common,
        replyTo: 'new',
        userId: 'c',
        outcome: 'processed',
        changeType: 'FIRST_ACTIVITY',
        state: { ...state, updatedAtMs: 4 },
      },
      {
        ...common,
        replyTo: 'same',
        userId: 'c',
        outcome: 'duplicate',
        changeType: 'STREAK_MAINTAINED',
        state: { ...state, updatedAtMs: 4 },
      },
    ]);
    expect(changes.map(({ userId, requestId, recordTimeMs }) => [userId, requestId, recordTimeMs])).toEqual([
      ['c', 'request of new', 4],
      ['d', null, 0],
    ]);
  });

  it('tell of the day that was reached with which record', async () => {
    expect(
      await replyTo(
        awaited('too little', session('e', '1', 20)),
        awaited('enough', session('e', '2', 20)),
        awaited('more', session('e', '3', 20)),
        awaited('first', checkIn('e', '1')),
        awaited('second', checkIn('e', '2')),
      ),
    ).toEqual([
      { replyTo: 'too little', userId: 'e', eventId: '1', ruleId: 'focus', outcome: 'processed' },
      {
        replyTo: 'enough',
        userId: 'e',
        eventId: '2',
        ruleId: 'focus',
        outcome: 'processed',
        changeType: 'FIRST_ACTIVITY',
      },
      {
        replyTo: 'more',
        userId: 'e',
        eventId: '3',
        ruleId: 'focus',
        outcome: 'processed',
        changeType: 'STREAK_MAINTAINED',
      },
      {
        replyTo: 'first',
        userId: 'e',
        eventId: '1',
        ruleId: 'activity',
        outcome: 'processed',
        changeType: 'FIRST_ACTIVITY',
      },
      {
        replyTo: 'second',
        userId: 'e',
        eventId: '2',
        ruleId: 'activity',
        outcome: 'processed',
        changeType: 'STREAK_MAINTAINED',
      },
    ]);
  });

  it('tell what corrections did, and what came too late to count', async () => {
    const settings: UserEventToSend = {
      kind: 'settings',
      userId: 'f',
      change: { changeId: 'c', changedAtMs: 0, effectiveFrom: 0 as LocalDay, timezone: 'Europe/London' },
    };
    const retraction: UserEventToSend = { kind: 'retraction', userId: 'f', sessionId: '1' };
    const late = awaited('late', session('f', '9', 40));
    await replyTo(awaited('stored', session('f', '1', 40)));
    const common = { userId: 'f', ruleId: 'focus' };
    expect(await replyTo(awaited('settings', settings))).toEqual([
      { ...common, replyTo: 'settings', eventId: 'c', outcome: 'processed', changeType: 'STREAK_REVISED' },
    ]);
    expect(await replyTo(awaited('settings', settings))).toMatchObject([{ outcome: 'duplicate' }]);
    expect(await replyTo(awaited('retraction', retraction))).toEqual([
      { ...common, replyTo: 'retraction', eventId: '1', outcome: 'processed', changeType: 'STREAK_REVISED' },
    ]);
    expect(await replyTo(awaited('again', retraction), awaited('retracted', session('f', '1', 40)))).toEqual([
      { ...common, replyTo: 'again', eventId: '1', outcome: 'duplicate' },
      { ...common, replyTo: 'retracted', eventId: '1', outcome: 'retracted' },
    ]);
    expect(await replyTo(awaited('erasure', { kind: 'erasure', userId: 'f' }))).toEqual([
      { ...common, replyTo: 'erasure', outcome: 'processed', changeType: 'USER_ERASED' },
    ]);
    expect(await replyTo(late)).toEqual([{ ...common, replyTo: 'late', eventId: '9', outcome: 'erased' }]);
  });

  it('tell of a conflict with its reason once committed, together with the decoder’s rejections', async () => {
    const told: CommittedEvents[] = [];
    const projection = createTestProjection({ onCommitted: (committed) => told.push(committed) });
    const records = [
      awaited('first', session('g', '1', 5)),
      awaited('other', session('g', '1', 6)),
      awaited('check-in', checkIn('g', '1')),
      awaited('other zone', { ...checkIn('g', '1'), timezone: 'UTC' } as UserEventToSend),
    ];
    const applied = await projection.apply(client, records, 0);
    const undecoded = awaited('undecoded', session('g', '2', 5)).source;
    const byDecoder = { source: undecoded, rejection: { reason: 'NULL_VALUE', detail: 'nothing' } };
    projection.committed({ ...applied, rejected: [byDecoder, ...applied.rejected] });
    expect(told[0]?.outcome).toMatchObject({
      sessions: { stored: 1, duplicate: 0, conflict: 1 },
      checkIns: { stored: 1, conflict: 1 },
    });
    expect(told[0]?.replies.map(({ replyTo: name, outcome, reason }) => [name, outcome, reason])).toEqual([
      ['first', 'processed', undefined],
      ['check-in', 'processed', undefined],
      ['undecoded', 'rejected', 'NULL_VALUE'],
      ['other', 'rejected', 'SESSION_CONFLICT'],
      ['other zone', 'rejected', 'CHECK_IN_CONFLICT'],
    ]);
  });
});
