import type { Session } from '@streaks/shared/domain/session';
import { emptyStreakState } from '@streaks/shared/domain/streak-state';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import type { PoolClient } from 'pg';
import { type CommittedSessions, createStreaksProjection } from './create-streaks-projection';
import { applyInTransaction, createTestProjection, TEST_TARGET_MS, toRecord } from './test-support/drive-projection';

const START_MS = Date.UTC(2026, 0, 5, 9);
const MINUTE_MS = 60_000;

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

function session(userId: string, sessionId: string, minutes: number): Session {
  return { userId, sessionId, startMs: START_MS, endMs: START_MS + minutes * MINUTE_MS, timezone: 'Asia/Tokyo' };
}

let offset = 0;
/** A record whose sender waits on the channel named after it. */
function awaited(channel: string, event: Session) {
  offset += 1;
  return toRecord(event, offset, { 'x-reply-to': channel, 'x-request-id': `request of ${channel}` });
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
    const state = { runs: [{ first: START_MS / 86_400_000 - 0.375, length: 1 }], timezone: 'Asia/Tokyo', version: 1 };
    expect(outcome.replies).toEqual([
      { channel: 'repeat', userId: 'a', sessionId: '1', outcome: 'duplicate', state },
      { channel: 'short', userId: 'b', sessionId: '1', outcome: 'processed', state: emptyStreakState },
      { channel: 'new', userId: 'c', sessionId: '1', outcome: 'processed', state },
      { channel: 'same', userId: 'c', sessionId: '1', outcome: 'duplicate', state },
    ]);
    expect(changes.map(({ userId, requestId }) => [userId, requestId])).toEqual([
      ['c', 'request of new'],
      ['d', null],
    ]);
  });

  it('tell of a conflict with its reason once committed, together with the decoder’s rejections', async () => {
    const told: CommittedSessions[] = [];
    const projection = createStreaksProjection({
      targetMs: TEST_TARGET_MS,
      limits: { maxDurationMs: 1, maxFutureMs: 1 },
      generation: 1n,
      decoder: {
        prepare: async () => undefined,
        decode: () => ({ fault: { reason: 'NULL_VALUE', detail: 'nothing' } }),
      },
      onCommitted: (committed) => told.push(committed),
    });
    const records = [awaited('first', session('e', '1', 5)), awaited('other', session('e', '1', 6))];
    const applied = await projection.apply(client, records, 0);
    const undecoded = awaited('undecoded', session('e', '2', 5)).source;
    const byDecoder = { source: undecoded, rejection: { reason: 'NULL_VALUE', detail: 'nothing' } };
    projection.committed({ ...applied, rejected: [byDecoder, ...applied.rejected] });
    expect(told[0]?.outcome).toMatchObject({ applied: 1, duplicates: 0, conflicts: 1 });
    expect(told[0]?.replies.map(({ channel, outcome, reason }) => [channel, outcome, reason])).toEqual([
      ['first', 'processed', undefined],
      ['undecoded', 'rejected', 'NULL_VALUE'],
      ['other', 'rejected', 'SESSION_CONFLICT'],
    ]);
  });
});
