import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { createUserEventDecoder } from '@streaks/shared/contracts/user-event-codec';
import { addDays, type LocalDay, toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import { splitSession } from '@streaks/shared/domain/calendar/split-session';
import { findZone } from '@streaks/shared/domain/calendar/zone';
import type { Session } from '@streaks/shared/domain/events/session';
import { uniqueName } from '@streaks/testing/fresh-topic';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import type { InputTopic } from '../backlog/input-topic';

export interface NaiveRun {
  readonly seconds: number;
}

const UPSERT_DAY = `
  INSERT INTO daily_totals (user_id, rule_id, local_date, total, latest_end, latest_id, latest_timezone)
  VALUES ($1, 'focus', $2, $3, $4, $5, $6)
  ON CONFLICT (user_id, rule_id, local_date) DO UPDATE SET total = daily_totals.total + excluded.total
  RETURNING total`;
const UPSERT_STREAK = `
  INSERT INTO user_streaks AS s (user_id, rule_id, runs, qualified_days_count, timezone, version)
  VALUES ($1, 'focus', datemultirange(daterange($2, $3)), 1, $4, 1)
  ON CONFLICT (user_id, rule_id) DO UPDATE SET runs = s.runs + excluded.runs, qualified_days_count = s.qualified_days_count + 1,
    timezone = excluded.timezone, version = s.version + 1`;

/**
 * What is written first when no one minds speed: `eachMessage`, and for each message one transaction with its session, its days,
 * its streak and the offset. Seconds from the first message to the last.
 */
export async function runNaiveConsumer(input: InputTopic, databaseUrl: string, targetMs: number): Promise<NaiveRun> {
  const addresses = stackAddresses();
  const decoder = createUserEventDecoder(new SchemaRegistry({ host: addresses.SCHEMA_REGISTRY_URL }), {
    now: Date.now,
  });
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const kafka = new Kafka({ clientId: 'bench-naive', brokers: kafkaBrokers(addresses), logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: uniqueName('bench-naive'), maxWaitTimeInMs: 100 });
  try {
    await client.query('CREATE TABLE naive_progress (partition int PRIMARY KEY, next_offset bigint NOT NULL)');
    await consumer.connect();
    await consumer.subscribe({ topic: input.topic, fromBeginning: true });
    return await new Promise<NaiveRun>((resolve, reject) => {
      let startedMs: number | undefined;
      // By position and not by message: a rebalance on a busy machine brings messages a second time.
      const positions = new Map<number, bigint>();
      const handle = async (
        partition: number,
        offset: string,
        value: Buffer | null,
        key: Buffer | null,
      ): Promise<void> => {
        startedMs ??= performance.now();
        await decoder.prepare([value]);
        const decoded = decoder.decode(value, key);
        if ('fault' in decoded) throw new Error(decoded.fault.detail);
        if (decoded.kind !== 'session') throw new Error(`a ${decoded.kind} among the sessions`);
        const nextOffset = BigInt(offset) + 1n;
        await applyOne(client, decoded, { partition, nextOffset, targetMs });
        if (nextOffset > (positions.get(partition) ?? 0n)) positions.set(partition, nextOffset);
        const done = [...positions.values()].reduce((sum, position) => sum + position, 0n);
        if (done === BigInt(input.records)) resolve({ seconds: (performance.now() - startedMs) / 1_000 });
      };
      const running = consumer.run({
        autoCommit: false,
        eachMessage: ({ partition, message }) =>
          handle(partition, message.offset, message.value, message.key).catch((error: unknown) => {
            reject(error);
            throw error;
          }),
      });
      running.catch(reject);
    });
  } finally {
    await consumer.disconnect();
    await client.end();
  }
}

interface Position {
  readonly partition: number;
  readonly nextOffset: bigint;
  readonly targetMs: number;
}

async function applyOne(
  client: Client,
  session: Session,
  { partition, nextOffset, targetMs }: Position,
): Promise<void> {
  await client.query('BEGIN');
  const { userId, sessionId, startMs, endMs, timezone } = session;
  const end = new Date(endMs);
  const inserted = await client.query(
    'INSERT INTO focus_sessions VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id, session_id) DO NOTHING',
    [userId, sessionId, new Date(startMs), end, timezone],
  );
  const zone = findZone(timezone);
  if (inserted.rowCount === 1 && zone !== undefined) {
    for (const { day, milliseconds } of splitSession(startMs, endMs, zone)) {
      const { rows } = await client.query<{ total: string }>(UPSERT_DAY, [
        userId,
        toIsoDate(day),
        milliseconds,
        end,
        sessionId,
        timezone,
      ]);
      const total = Number(rows[0]?.total);
      if (total >= targetMs && total - milliseconds < targetMs) await addQualifiedDay(client, session, day);
    }
  }
  await client.query(
    'INSERT INTO naive_progress VALUES ($1, $2) ON CONFLICT (partition) DO UPDATE SET next_offset = excluded.next_offset',
    [partition, nextOffset.toString()],
  );
  await client.query('COMMIT');
}

async function addQualifiedDay(client: Client, { userId, timezone }: Session, day: LocalDay): Promise<void> {
  await client.query(UPSERT_STREAK, [userId, toIsoDate(day), toIsoDate(addDays(day, 1)), timezone]);
}
