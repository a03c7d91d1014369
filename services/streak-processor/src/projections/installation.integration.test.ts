import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { ensureOutboxShards, readGeneration, ShardCountError } from './installation';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
}, 60_000);
afterAll(() => database.drop());

describe('a new installation', () => {
  it('gets its shards once, whoever starts first', async () => {
    await Promise.all(Array.from({ length: 4 }, () => ensureOutboxShards(database.pool, 12)));
    const { rows } = await database.pool.query('SELECT shard, out_seq FROM outbox_shard ORDER BY shard');
    expect(rows).toEqual(Array.from({ length: 12 }, (_, shard) => ({ shard, out_seq: '0' })));
  });

  it('refuses another number of shards later, and says what to set', async () => {
    await expect(ensureOutboxShards(database.pool, 24)).rejects.toThrow(ShardCountError);
    await expect(ensureOutboxShards(database.pool, 24)).rejects.toThrow('set OUTBOX_SHARDS=12');
  });

  it('starts at generation 1', async () => {
    expect(await readGeneration(database.pool)).toBe(1n);
  });
});
