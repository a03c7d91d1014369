import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ensureShards } from '@streaks/exactly-once/sql/ensure-shards';
import { createFreshTopic, type FreshTopic } from '@streaks/testing/fresh-topic';
import { repositoryRoot } from '@streaks/testing/repository';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';

jest.setTimeout(150_000);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as a process, without a terminal. */
function run(main: string, line: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const { PATH = '', HOME = '' } = process.env;
  return new Promise((resolve) => {
    const args = ['--conditions=streaks-source', '--import', 'tsx', join(__dirname, main), ...line.split(' ')];
    execFile(process.execPath, args, { cwd: repositoryRoot, env: { PATH, HOME, ...env } }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe('the commands as processes', () => {
  let database: TestDatabase;
  let topic: FreshTopic;
  let env: Record<string, string>;

  beforeAll(async () => {
    [database, topic] = await Promise.all([createTestDatabase(), createFreshTopic({ partitions: 2 })]);
    await ensureShards(database.pool, 2);
    env = {
      ...stackAddresses(),
      DATABASE_URL: database.url,
      SESSION_EVENTS_TOPIC: topic.topic,
      ORGANISATION_EVENTS_TOPIC: `${topic.topic}-organisations`, // never made
      FRIENDSHIP_EVENTS_TOPIC: `${topic.topic}-friendships`,
    };
    await database.pool.query(
      `INSERT INTO partition_progress (topic, partition, topic_id, epoch, owner, next_offset, halt_reason, halt_detail)
       VALUES ($1, 0, gen_random_uuid(), 4, 'gone', 70, 'TOPIC_RECREATED', 'another topic id')`,
      [topic.topic],
    );
    await database.pool.query(
      `INSERT INTO dead_letters (topic_id, partition, "offset", topic, reason, detail, headers, record_time, shard, out_seq)
       VALUES (gen_random_uuid(), 0, 5, $1, 'NULL_VALUE', 'the record has no value', '{}', now(), 0, 1)`,
      [topic.topic],
    );
  });

  afterAll(async () => {
    await topic.drop();
    await database.drop();
  });

  it('list what there is, with exit code 0 and nothing but the result on standard output', async () => {
    const listed = await run('partitions-main.ts', 'list --json', env);
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(listed.stdout)).toMatchObject({
      topics: [
        {
          topic: topic.topic,
          partitions: [
            { partition: 0, nextOffset: '70', high: '0', haltReason: 'TOPIC_RECREATED' },
            { partition: 1, nextOffset: null },
          ],
        },
        { partitions: [] },
        { partitions: [] },
      ],
      halts: [{ what: `partition 0 of ${topic.topic}`, cure: 'adopt reads the new topic from its first record' }],
    });
    expect(await run('dead-letters-main.ts', 'list', env)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('NULL_VALUE'),
      stderr: '',
    });
  });

  it('change nothing where nobody can be asked, and what was asked for with --yes', async () => {
    expect(await run('partitions-main.ts', 'adopt --partition 0', env)).toEqual({
      code: 3,
      stdout: expect.stringContaining('from its first record'),
      stderr: 'partitions: there is no terminal to ask on: add --yes to do this\n',
    });
    expect(await run('partitions-main.ts', 'adopt --partition 0 --reason tidy --yes', env)).toMatchObject({ code: 0 });
    const { rows } = await database.pool.query(
      'SELECT epoch::int, next_offset::int, halt_reason, (SELECT count(*)::int FROM operator_audit) AS audits FROM partition_progress',
    );
    expect(rows).toEqual([{ epoch: 5, next_offset: 0, halt_reason: null, audits: 1 }]);
  });

  it.each([
    [
      'a command that there is not',
      'partitions-main.ts',
      'drop',
      {},
      2,
      /^partitions: unknown command "drop".*--help\)\n$/,
    ],
    [
      'settings that are missing',
      'dead-letters-main.ts',
      'list',
      { DATABASE_URL: '' },
      2,
      /^dead-letters: .*DATABASE_URL is required.*\n$/,
    ],
    [
      'a Postgres that is away',
      'dead-letters-main.ts',
      'list',
      { DATABASE_URL: 'postgres://streaks@127.0.0.1:1/x' },
      1,
      /^dead-letters: .*ECONNREFUSED.*\n$/,
    ],
  ])('end with one line and an exit code for %s', async (_, main, line, more, code, stderr) => {
    const ended = await run(main, line, { ...env, ...more });
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(stderr);
  });

  it('show what Postgres has while Kafka is away', async () => {
    const listed = await run('partitions-main.ts', 'list', { ...env, KAFKA_BROKERS: '127.0.0.1:1' });
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining('Output: shards of the outbox') });
    expect(listed.stderr).toContain('without what Kafka has');
  });

  it('explain themselves without any server', async () => {
    expect(await run('partitions-main.ts', '--help', {})).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('accept-gap'),
    });
    expect(await run('dead-letters-main.ts', 'replay --help', {})).toMatchObject({ code: 0, stderr: '' });
  });
});
