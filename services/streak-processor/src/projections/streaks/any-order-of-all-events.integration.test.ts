import { type ReferenceRecord, type ReferenceUserEvent, userOf } from '@streaks/testing/reference/reference-event';
import { referenceUser } from '@streaks/testing/reference/reference-user';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import fc from 'fast-check';
import { arbitraryRecord, ofUser, TEST_ORGANISATIONS } from './test-support/arbitrary-events';
import { applyUntilCommitted, createTestProjection, TEST_TARGETS, toRecord } from './test-support/drive-projection';
import { expectAccount, storeTestOrganisations } from './test-support/expect-account';
import { toUserEvent } from './test-support/to-user-event';

type UserRecord = ReferenceRecord<ReferenceUserEvent>;

// Surrogates sort otherwise in UTF-16 than in bytes.
const USERS = ['a', '\u{1f525}', '\uffee'];

const arbitraryBatch = fc.record({
  records: fc.array(arbitraryRecord(USERS), { minLength: 1, maxLength: 25 }),
  repeatsOfEarlier: fc.array(fc.record({ index: fc.nat({ max: 200 }), recordTimeMs: fc.nat({ max: 20 }) }), {
    maxLength: 4,
  }),
  attempt: fc.constantFrom(0, 0, 0, 1, 2),
  restarts: fc.boolean(),
});

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query('INSERT INTO outbox_shard (shard) VALUES (0)');
  await storeTestOrganisations(database.pool);
}, 60_000);
afterAll(() => database.drop());

describe('the streaks projection', () => {
  it('reaches the state of the set of events of every kind, whatever the order, batches and repeats, and a history without a break', async () => {
    const client = await database.pool.connect();
    let round = 0;
    let projection = createTestProjection();
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(arbitraryBatch, { minLength: 1, maxLength: 5 }), async (batches) => {
          round += 1;
          const rename = (userId: string) => `${round}-${userId}`;
          const seen: UserRecord[] = [];
          for (const [number, { records, repeatsOfEarlier, attempt, restarts }] of batches.entries()) {
            const own = records.map(({ event, recordTimeMs }) => ({ event: ofUser(event, rename), recordTimeMs }));
            const repeats = repeatsOfEarlier.flatMap(({ index, recordTimeMs }): UserRecord[] => {
              const earlier = seen[index % Math.max(1, seen.length)];
              return earlier === undefined ? [] : [{ event: earlier.event, recordTimeMs }];
            });
            const batch = [...own, ...repeats];
            seen.push(...batch);
            if (restarts) projection = createTestProjection();
            await applyUntilCommitted(
              client,
              projection,
              batch.map(({ event, recordTimeMs }, index) =>
                toRecord(toUserEvent(event), number * 1_000 + index, { timestampMs: recordTimeMs }),
              ),
              ({ code }) => expect(code).toBe('23505'), // a row that a restarted projection no longer knows
              0,
              attempt,
            );
          }
          const options = { targets: TEST_TARGETS, organisations: TEST_ORGANISATIONS };
          await Promise.all(
            USERS.map(rename).map((userId) => {
              const records = seen.filter(({ event }) => userOf(event) === userId);
              return expectAccount(database.pool, userId, referenceUser(records, options));
            }),
          );
        }),
        { numRuns: 60 },
      );
    } finally {
      client.release();
    }
  }, 180_000);
});
