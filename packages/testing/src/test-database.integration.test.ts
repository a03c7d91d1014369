import { Client } from 'pg';
import { createTestDatabase } from './test-database';

describe('createTestDatabase', () => {
  it('gives each caller a migrated database of its own, also when several ask at once', async () => {
    const databases = await Promise.all([1, 2, 3].map(() => createTestDatabase()));
    try {
      for (const { pool } of databases) {
        await pool.query("INSERT INTO focus_sessions VALUES ('u', 's', '2025-01-01', '2025-01-02', 'UTC')");
      }
      for (const { pool } of databases) {
        const { rows } = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM focus_sessions');
        expect(rows[0]?.count).toBe(1);
      }
    } finally {
      await Promise.all(databases.map((database) => database.drop()));
    }
  }, 30_000);

  it('fails the drop, and drops all the same, when a connection was left open', async () => {
    const database = await createTestDatabase({ migrated: false });
    const leaked = new Client({ connectionString: database.url, application_name: 'leaky pool' });
    leaked.on('error', () => undefined);
    await leaked.connect();
    await expect(database.drop()).rejects.toThrow('leaky pool');
    await expect(new Client({ connectionString: database.url }).connect()).rejects.toThrow('does not exist');
  }, 20_000);
});
