import { createHash } from 'node:crypto';
import zlib from 'node:zlib';
import { registerCompressionCodecs } from '@streaks/shared/kafka/compression/compression-codecs';
import { withAdmin } from '@streaks/testing/fresh-topic';
import { CompressionTypes, ConfigResourceTypes, type Message } from 'kafkajs';
import { withProducer } from '../../producers/raw-producer';
import { dailySession, toMessage } from '../../producers/session-factory';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage/open-stage';

const MIB = 1_048_576;
/** What the input topic takes here: more than Kafka's usual limit, as an installation with large records has it. */
const INPUT_LIMIT_BYTES = 4 * MIB;
const LARGE_BATCH = 120_000;
/** Zstandard can be read by every Node, and written by those that have it built in. */
const CODECS = (['GZIP', 'Snappy', 'LZ4', 'ZSTD'] as const).filter(
  (codec) => codec !== 'ZSTD' || 'zstdCompressSync' in zlib,
);

interface Poison {
  readonly reason: string;
  readonly message: Message & { readonly key: string };
}

const unknownSchema = (size: number): Buffer => {
  const value = Buffer.alloc(size, 1);
  value.writeUInt8(0, 0);
  value.writeInt32BE(2_000_000_000, 1);
  return value;
};

const POISONS: readonly Poison[] = [
  { reason: 'NULL_VALUE', message: { key: 'null', value: null } },
  { reason: 'NOT_AVRO_OR_JSON', message: { key: 'garbage', value: Buffer.from([0xff, 0xfe, 0, 1]) } },
  { reason: 'UNKNOWN_SCHEMA', message: { key: 'unknown', value: unknownSchema(20) } },
  { reason: 'NOT_AVRO_OR_JSON', message: { key: 'near 1 MiB', value: Buffer.alloc(MIB - 500, 7) } },
  { reason: 'NOT_AVRO_OR_JSON', message: { key: 'above 1 MiB', value: Buffer.alloc(MIB + 1_000, 7) } },
  { reason: 'UNKNOWN_SCHEMA', message: { key: 'near the limit', value: unknownSchema(INPUT_LIMIT_BYTES - 1_000) } },
  {
    reason: 'NOT_AVRO_OR_JSON',
    message: {
      key: 'huge headers',
      value: 'x',
      headers: { ...manyHeaders(500), huge: Buffer.alloc(MIB / 2, 0x68), twice: ['a', 'b'] },
    },
  },
];

function manyHeaders(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`header-${n}`, `value-${n}`]));
}

export const poison: Scenario = {
  name: 'poison',
  about: `bad bytes, unknown schemas, records near and above 1 MiB, huge headers, each codec, a batch of ${LARGE_BATCH} records`,
  run: async ({ openStage, print }) => {
    const stage = await openStage({ processors: 0 });
    await withAdmin(stage.brokers, (admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: ConfigResourceTypes.TOPIC,
            name: stage.topic,
            configEntries: [
              { name: 'max.message.bytes', value: String(INPUT_LIMIT_BYTES) },
              { name: 'message.timestamp.type', value: 'LogAppendTime' },
            ],
          },
        ],
      }),
    );
    // The processors give the topic of dead letters room for what the input takes when they start.
    await Promise.all([stage.addProcessor(), stage.addProcessor()]);
    stage.startLoad({ records: 2_000, users: 200, durationMs: 60_000 });
    await stage.recover('the start');
    for (const [n, { reason, message }] of POISONS.entries()) {
      await sendOnce(stage, [{ ...message, partition: n % stage.partitions }]);
      stage.noteLetters([{ reason, key: message.key, userId: null, eventId: null }]);
    }
    await stage.recover(`${POISONS.length} bad records`);
    registerCompressionCodecs();
    for (const [n, codec] of CODECS.entries()) {
      const sessions = Array.from({ length: 50 }, (_, day) => dailySession(codec, day));
      stage.note(sessions);
      const bad = `bad in ${codec}`;
      stage.noteLetters([{ reason: 'NOT_AVRO_OR_JSON', key: bad, userId: null, eventId: null }]);
      const messages = [...sessions.map(toMessage), { key: bad, value: 'x' }];
      await sendOnce(
        stage,
        messages.map((message) => ({ ...message, partition: n % stage.partitions })),
        CompressionTypes[codec],
      );
    }
    await stage.recover(`batches in ${CODECS.join(', ')}`);
    // One batch: kafkajs makes one of what is sent to a partition at once. Repeats of one session take no place in the tables.
    const [session] = [dailySession('large-batch', 0)];
    stage.note([session]);
    await sendOnce(
      stage,
      Array.from({ length: LARGE_BATCH }, () => ({ ...toMessage(session), partition: 1 })),
      CompressionTypes.GZIP,
    );
    await stage.recover(`a batch of ${LARGE_BATCH} records`);
    await stage.finish();
    await requireBytes(stage, print);
  },
};

/** Exactly once in the log: a bad record that was sent twice is two dead letters. */
function sendOnce(stage: Stage, messages: Message[], compression = CompressionTypes.None): Promise<unknown> {
  return withProducer(stage.brokers, (producer) =>
    producer.send({ topic: stage.topic, acks: -1, compression, messages }),
  );
}

const digest = (bytes: Buffer | string | null | undefined): string | null =>
  bytes === null || bytes === undefined ? null : createHash('sha256').update(bytes).digest('hex');

/** The dead letters hold the very bytes that were sent. */
async function requireBytes({ pool }: Stage, print: (line: string) => void): Promise<void> {
  const { rows } = await pool.query<{ key: string; value: Buffer | null }>(
    `SELECT convert_from(key, 'UTF8') AS key, value FROM dead_letters`,
  );
  const kept = new Map(rows.map(({ key, value }) => [key, digest(value)]));
  const wrong = POISONS.filter(({ message }) => kept.get(message.key) !== digest(message.value));
  print(`  ${POISONS.length - wrong.length} of ${POISONS.length} bad records kept byte for byte`);
  if (wrong.length > 0)
    throw new Error(`other bytes were kept of ${wrong.map(({ message }) => message.key).join(', ')}`);
}
