import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { createTestDatabase } from '@streaks/testing/test-database';
import type { Pool } from 'pg';
import type { InputTopic } from '../backlog/input-topic';
import type { BenchContext } from '../bench-context';
import type { ResultChecksum } from '../data-set/expected-result';
import { medianBy } from '../figures/median';
import { perSecond } from '../printing/print-results';
import { describeCpu, watchCpuOfWork } from '../processes/cpu-seconds';
import { peakMemoryMiB } from '../processes/process-memory';
import { spawnProcess } from '../processes/spawned-process';
import type { StreamsPeer } from './build-streams-peer';
import { assertSame, type StreamsResult } from './measure-streams';
import { startStreams, untilRunning, watchProgress } from './run-streams';

const TIMEOUT_MS = 600_000;
const SINK_THREADS = 2;
const HEAP = '1g';
const SINK_RESULT_SQL = `
  SELECT (SELECT sum(records) FROM sink_progress)::int AS sessions, (SELECT count(*) FROM daily_totals)::int AS days,
    (SELECT sum(total) FROM daily_totals)::bigint AS total_ms, (SELECT sum(qualified_days_count) FROM user_streaks)::int AS qualified_days,
    (SELECT md5(string_agg(user_id || ' ' || runs::text || ' ' || timezone || E'\\n', '' ORDER BY user_id)) FROM user_streaks) AS digest`;

/**
 * Kafka Streams and, behind its output topic, a process that upserts days, streaks and history into Postgres in batches, its position in the
 * same transaction. No session rows. Ends when Postgres holds the result of each session.
 */
export async function measureStreamsSink(
  peer: StreamsPeer,
  input: InputTopic,
  expected: ResultChecksum,
  context: BenchContext,
): Promise<StreamsResult> {
  const results: StreamsResult[] = [];
  for (let run = 1; run <= context.runs; run += 1) {
    const result = await runOnce(peer, input, expected, context);
    results.push(result);
    const { eventsPerSecond, cpu } = result;
    context.print(`Kafka Streams to Postgres, run ${run}: ${perSecond(eventsPerSecond)}; CPU: ${describeCpu(cpu)}`);
  }
  return medianBy(results, ({ eventsPerSecond }) => eventsPerSecond);
}

async function runOnce(
  peer: StreamsPeer,
  input: InputTopic,
  expected: ResultChecksum,
  { dir, targetMs, serverPids }: BenchContext,
): Promise<StreamsResult> {
  const addresses = stackAddresses();
  const brokers = kafkaBrokers(addresses);
  const database = await createTestDatabase({ adminUrl: addresses.DATABASE_URL, migrated: false });
  const streams = await startStreams(peer, input, { brokers, dir, targetMs, output: 'totals' });
  const args = [
    brokers.join(),
    streams.outputTopic,
    String(input.partitions),
    jdbcAddress(database.url),
    String(SINK_THREADS),
  ];
  const sink = spawnProcess(peer.java, [`-Xmx${HEAP}`, '-cp', peer.classPath, 'streaks.peer.SinkMain', ...args]);
  try {
    const cpuWatch = watchCpuOfWork({ ...serverPids, streams: streams.process.pid, sink: sink.pid });
    await untilRunning(sink);
    const running = untilRunning(streams.process);
    running.catch(() => undefined);
    const { firstMs, doneMs } = await watchProgress(() => readSunk(database.pool), expected.sessions, {
      processes: [streams.process, sink],
      cpuWatch,
      timeoutMs: TIMEOUT_MS,
    });
    const cpu = cpuWatch.stop();
    const peakMiB = peakMemoryMiB(streams.process.pid) + peakMemoryMiB(sink.pid);
    const seconds = (doneMs - Math.min(firstMs, await running)) / 1_000;
    assertSame(await readResult(database.pool), expected);
    return { eventsPerSecond: input.records / seconds, peakMiB, cpu };
  } finally {
    await Promise.all([sink.stop(), streams.stop()]);
    await database.drop();
  }
}

async function readSunk(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ records: string }>(
    'SELECT coalesce(sum(records), 0) AS records FROM sink_progress',
  );
  return Number(rows[0]?.records);
}

async function readResult(pool: Pool): Promise<ResultChecksum> {
  const { rows } = await pool.query<Record<string, unknown>>(SINK_RESULT_SQL);
  const row = rows[0] ?? {};
  return {
    sessions: Number(row['sessions']),
    days: Number(row['days']),
    totalMs: Number(row['total_ms']),
    qualifiedDays: Number(row['qualified_days']),
    streaksDigest: String(row['digest']),
  };
}

function jdbcAddress(url: string): string {
  const { hostname, port, pathname, username, password } = new URL(url);
  const address = new URL(`http://${hostname}:${port}${pathname}`);
  address.searchParams.set('user', decodeURIComponent(username));
  if (password !== '') address.searchParams.set('password', decodeURIComponent(password));
  return `jdbc:postgresql://${address.host}${address.pathname}${address.search}`;
}
