import { withAdmin } from '@streaks/testing/fresh-topic';
import type { StackAddresses } from '@streaks/testing/stack-addresses';
import { Client } from 'pg';
import { readCommitted } from '../../state/java-consumer';
import type { Scenario, ScenarioContext } from '../scenario';
import type { Stage } from '../stage/open-stage';
import { runPartitions } from '../stage/run-partitions';

const LOAD = { records: 2_000, users: 200, durationMs: 40_000 };

export const foreignMarks: Scenario = {
  name: 'foreign-marks',
  about: "the offsets that keep the publication's marks are overwritten by somebody else: 0, and far beyond the end",
  run: async ({ openStage }) => overwriteMarks(openStage, LOAD),
};

export async function overwriteMarks(openStage: ScenarioContext['openStage'], load: typeof LOAD): Promise<void> {
  const stage = await openStage();
  stage.startLoad(load);
  await stage.recover('the start');
  for (const offset of ['0', '900000000']) {
    await stage.stopProcessors();
    const partitions = Array.from({ length: await shardCount(stage) }, (_, partition) => ({ partition, offset }));
    await withAdmin(stage.brokers, (admin) =>
      admin.setOffsets({
        groupId: stage.environment['RELAY_GROUP_ID'] ?? '',
        topic: stage.outputTopics.streakChanges,
        partitions,
      }),
    );
    await Promise.all([stage.addProcessor(), stage.addProcessor()]);
    await stage.recover(`a foreign offset ${offset} for every shard`);
  }
  await stage.finish();
}

export const restoredRepublished: Scenario = {
  name: 'postgres-restored-republish',
  about:
    'Postgres comes back from an older copy: shards halt and publish nothing; republish publishes all under new ids',
  run: (context) => republish(context, context.servers.addresses, LOAD),
};

export async function republish(
  context: Pick<ScenarioContext, 'openStage' | 'print'>,
  addresses: StackAddresses,
  load: typeof LOAD,
): Promise<void> {
  const { stage, published } = await restoreOlderCopy(context, addresses, load);
  await runPartitions(stage, 'republish --all');
  await Promise.all([stage.addProcessor(), stage.addProcessor()]);
  await stage.recover('republish');
  await stage.finish('stores');
  const after = await changeIds(stage);
  requireAll('still there', published, after);
  const { rows } = await stage.pool.query<{ id: string }>('SELECT event_id::text AS id FROM streak_history');
  requireAll('published', new Set(rows.map(({ id }) => id)), after);
  context.print(`  ${published.size} changes published before, ${after.size} in all, ${rows.length} in Postgres`);
}

export const restoredSkipped: Scenario = {
  name: 'postgres-restored-skip',
  about:
    'as before; skip-output counts as many rows as published as Kafka has, and all later ones are published once, under new ids',
  run: async (context) => {
    const { stage, published } = await restoreOlderCopy(context, context.servers.addresses, LOAD);
    await runPartitions(stage, 'skip-output --all');
    await Promise.all([stage.addProcessor(), stage.addProcessor()]);
    await stage.recover('skip-output');
    await stage.finish('stores');
    const after = await changeIds(stage);
    requireAll('still there', published, after);
    const { rows } = await stage.pool.query<{ id: string }>(
      `SELECT event_id::text AS id FROM streak_history JOIN outbox_shard USING (shard)
        WHERE streak_history.out_seq > outbox_shard.accepted_mark`,
    );
    requireAll('published', new Set(rows.map(({ id }) => id)), after);
    context.print(`  ${published.size} changes published before, ${after.size} in all`);
  },
};

/** A copy is made at a stop, more is published, and the copy takes the place of the database. Resolves once the shards stand still. */
async function restoreOlderCopy(
  { openStage, print }: Pick<ScenarioContext, 'openStage' | 'print'>,
  addresses: StackAddresses,
  load: typeof LOAD,
) {
  const stage = await openStage();
  stage.startLoad(load);
  await stage.recover('the start');
  const name = new URL(stage.databaseUrl).pathname.slice(1);
  const copy = `${name}_copy`;
  await stage.stopProcessors();
  await administer(addresses.DATABASE_URL, [disconnect(name), `CREATE DATABASE ${copy} TEMPLATE ${name}`]);
  await Promise.all([stage.addProcessor(), stage.addProcessor()]);
  await stage.recover('the copy was made');
  await stage.stopProcessors();
  const published = await changeIds(stage);
  await administer(addresses.DATABASE_URL, [
    `DROP DATABASE ${name} WITH (FORCE)`,
    `ALTER DATABASE ${copy} RENAME TO ${name}`,
  ]);
  // The whole input since the copy is applied again: by then the numbers that were published once are used up anew.
  await stage.addProcessor();
  await stage.recover('the copy took the place of the database, for Postgres', { outlets: [] });
  const { rows } = await stage.pool.query(`SELECT FROM outbox_shard WHERE halt_reason = 'MARK_BEYOND_OUTBOX'`);
  if (rows.length === 0) throw new Error('no shard was halted');
  await stage.stopProcessors();
  const meanwhile = await changeIds(stage);
  print(`  ${rows.length} shards halted; ${meanwhile.size - published.size} changes published by the others`);
  return { stage, published };
}

/** Ids of all changes that a Java reader sees; rejects when one comes twice. */
async function changeIds({ brokers, outputTopics }: Stage): Promise<ReadonlySet<string>> {
  const records = await readCommitted({ brokers, topic: outputTopics.streakChanges });
  const ids = new Set(records.map(({ headers }) => headers['event-id'] ?? 'none'));
  if (ids.size !== records.length) throw new Error(`${records.length} changes were published with ${ids.size} ids`);
  return ids;
}

function requireAll(what: string, wanted: ReadonlySet<string>, found: ReadonlySet<string>): void {
  const missing = [...wanted].filter((id) => !found.has(id));
  if (missing.length > 0)
    throw new Error(`${missing.length} changes are not ${what}: ${missing.slice(0, 3).join(', ')}`);
}

async function shardCount({ pool }: Stage): Promise<number> {
  return (await pool.query('SELECT FROM outbox_shard')).rowCount ?? 0;
}

const disconnect = (name: string): string =>
  `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND pid <> pg_backend_pid()`;

/** One after the other, from a database that none of them is about. */
async function administer(url: string, statements: readonly string[]): Promise<void> {
  const target = new URL(url);
  target.pathname = '/postgres';
  const client = new Client({ connectionString: target.toString(), application_name: 'scenario' });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
