import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Client, type PoolClient } from 'pg';
import { dateArray, int4Array, int8Array, textArray, timestamptzArray } from './array-parameters';
import { copyIn } from './copy-in';
import { createCopyRows, uuidBytes } from './copy-rows';
import { laneConnectionOptions, laneSessionSettings } from './lane-session-settings';

const TEXTS = ['', 'a', 'é', '\uffee', '\u{1f525}', 'quote " and \\ and {,}', 'x'.repeat(10_000)];
const LARGE = Number.MAX_SAFE_INTEGER;
const INSTANTS_MS = [
  0,
  1,
  946_684_799_999,
  946_684_800_000,
  Date.UTC(2026, 10, 21, 7, 53, 1, 7),
  Date.UTC(9999, 11, 31),
];

let database: TestDatabase;
let client: PoolClient;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  client = await database.pool.connect();
}, 60_000);
afterAll(async () => {
  client.release();
  await database.drop();
});

describe('binary array parameters', () => {
  it.each([
    ['text[]', 'to_json($1::text[])', textArray([...TEXTS, null]), [...TEXTS, null]],
    ['text[], empty', 'to_json($1::text[])', textArray([]), []],
    [
      'int4[]',
      'to_json($1::int4[])',
      int4Array([0, -1, 2_147_483_647, -2_147_483_648]),
      [0, -1, 2_147_483_647, -2_147_483_648],
    ],
    [
      'int8[]',
      'to_json($1::int8[])',
      int8Array([0, -1, LARGE, -LARGE, 4_294_967_296]),
      [0, -1, LARGE, -LARGE, 4_294_967_296],
    ],
    [
      'date[]',
      'to_json($1::date[])',
      dateArray([0, -1, 10_957, null, 20_778]),
      ['1970-01-01', '1969-12-31', '2000-01-01', null, '2026-11-21'],
    ],
    [
      'timestamptz[]',
      '(SELECT json_agg((extract(epoch FROM t) * 1000)::bigint) FROM unnest($1::timestamptz[]) AS t)',
      timestamptzArray(INSTANTS_MS),
      INSTANTS_MS,
    ],
  ])('%s reach the server as they are', async (_type, expression, parameter, expected) => {
    const { rows } = await client.query<{ seen: unknown }>(`SELECT ${expression} AS seen`, [parameter]);
    expect(rows[0]?.seen).toEqual(expected);
  });
});

describe('COPY from one Buffer', () => {
  beforeEach(() =>
    client.query(
      'DROP TABLE IF EXISTS t; CREATE TABLE t (a text, b int4, c int8, d date, e timestamptz, f uuid, g int8 PRIMARY KEY)',
    ),
  );
  const COPY = 'COPY t FROM STDIN (FORMAT binary)';

  function rowsOf(count: number, keyOf: (index: number) => number): Buffer {
    const rows = createCopyRows(7, 16);
    for (let index = 0; index < count; index += 1) {
      rows.row();
      rows.text(index % 7 === 0 ? null : (TEXTS[index % 6] ?? ''));
      rows.int4(-index);
      rows.bigint(-9_223_372_036_854_775_808n);
      rows.date(index % 2 === 0 ? null : index);
      rows.timestamptz(index);
      rows.uuid(uuidBytes('5f0c1a52-9b1e-4a7d-8a86-0d1b2c3d4e5f'));
      rows.int8(keyOf(index));
    }
    return rows.finish();
  }

  it('stores every kind of field and counts the rows', async () => {
    expect(
      await copyIn(
        client,
        COPY,
        rowsOf(1_000, (index) => index),
      ),
    ).toBe(1_000);
    const { rows } = await client.query('SELECT a, b, c, d::text, e, f FROM t WHERE g IN (0, 3) ORDER BY g');
    const uuid = '5f0c1a52-9b1e-4a7d-8a86-0d1b2c3d4e5f';
    const least = '-9223372036854775808';
    expect(rows).toEqual([
      { a: null, b: 0, c: least, d: null, e: new Date(0), f: uuid },
      { a: '\uffee', b: -3, c: least, d: '1970-01-04', e: new Date(3), f: uuid },
    ]);
  });

  it('rejects with the server’s error and leaves the connection usable, though data still waits to be sent', async () => {
    // Far more than the sockets hold; the second row is refused.
    const data = rowsOf(200_000, (index) => Math.min(index, 0));
    await client.query('BEGIN');
    await expect(copyIn(client, COPY, data)).rejects.toMatchObject({ code: '23505' });
    await client.query('ROLLBACK');
    expect(
      await copyIn(
        client,
        COPY,
        rowsOf(3, (index) => index),
      ),
    ).toBe(3);
  });

  it('leaves no timer behind where the connection has a query_timeout: it would keep the data until it ends', async () => {
    const timed = new Client({ connectionString: database.url, query_timeout: 60_000 });
    await timed.connect();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    for (let round = 0; round < 20; round += 1) {
      await copyIn(
        timed,
        COPY,
        rowsOf(3, (index) => 3 * round + index),
      );
    }
    await expect(
      copyIn(
        timed,
        COPY,
        rowsOf(3, (index) => index),
      ),
    ).rejects.toMatchObject({ code: '23505' });
    expect(timers() - before).toBeLessThan(10);
    await timed.end();
  });

  it('rejects a statement that is no COPY FROM STDIN', async () => {
    await expect(copyIn(client, 'SELECT 1', Buffer.alloc(0))).rejects.toThrow('no COPY');
    await expect(client.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 });
  });
});

describe('the settings of a lane’s connection', () => {
  it('hold from its first statement on when given as options', async () => {
    const { Client } = await import('pg');
    const lane = new Client({ connectionString: database.url, options: laneConnectionOptions });
    await lane.connect();
    try {
      for (const [name, value] of Object.entries(laneSessionSettings)) {
        const { rows } = await lane.query<{ value: string }>('SELECT current_setting($1) AS value', [name]);
        expect([name, rows[0]?.value]).toEqual([name, value]);
      }
    } finally {
      await lane.end();
    }
  });
});
