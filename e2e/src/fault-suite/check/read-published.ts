import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { isoDate } from '@streaks/testing/reference-fold';
import type { OutputTopics } from '@streaks/testing/start-pipeline';
import { readCommitted } from '../../state/java-consumer';
import type { PublishedChange, PublishedLetter, PublishedOutput, PublishedState } from './collected-run';
import { readTopic } from './read-topic';
import { changeText, type StreakFigures, streakText } from './texts';

export interface ReadPublishedOptions {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topics: OutputTopics;
}

/** The names stand here once more, so that a change of the contract does not go unseen. */
const HEADERS = {
  eventId: 'event-id',
  version: 'version',
  letterReason: 'x-dead-letter-reason',
  letterTopicId: 'x-dead-letter-topic-id',
  letterPartition: 'x-dead-letter-partition',
  letterOffset: 'x-dead-letter-offset',
} as const;

interface ChangeValue {
  readonly eventId: string;
  readonly userId: string;
  readonly ruleId: string;
  readonly version: number;
  readonly qualifiedDate: number | null;
  readonly currentBefore: number;
  readonly currentAfter: number;
  readonly longestBefore: number;
  readonly longestAfter: number;
  readonly qualifiedDaysBefore: number;
  readonly qualifiedDaysAfter: number;
  readonly lastQualifiedBefore: number | null;
  readonly lastQualifiedAfter: number | null;
}

interface StateValue extends Omit<StreakFigures, 'runs' | 'lastQualifiedDate'> {
  readonly userId: string;
  readonly version: number;
  readonly runs: readonly { readonly first: number; readonly length: number }[];
  readonly lastQualifiedDate: number | null;
}

export type { OutputTopics };

/** What read_committed readers see: changes by our client and by Java's, which shares no code with us; the rest by ours. */
export async function readPublished(options: ReadPublishedOptions): Promise<PublishedOutput> {
  const { brokers, topics } = options;
  const registry = new SchemaRegistry({ host: options.registryUrl });
  const byKafkajs: PublishedChange[] = [];
  await readTopic({ brokers, topic: topics.streakChanges }, async (partition, { value, key, headers }) => {
    const change = (await registry.decode(value ?? Buffer.alloc(0))) as ChangeValue;
    const says = [headers?.[HEADERS.eventId], key, headers?.[HEADERS.version]].join();
    const holds = [change.eventId, change.userId, change.version].join();
    const content = says === holds ? changeText(withDates(change)) : `headers ${says}, value ${holds}`;
    byKafkajs.push({
      partition,
      eventId: change.eventId,
      userId: change.userId,
      version: Number(change.version),
      content,
    });
  });
  const byJava = (await readCommitted({ brokers, topic: topics.streakChanges })).map(
    ({ partition, key, headers }): PublishedChange => ({
      partition,
      eventId: headers[HEADERS.eventId] ?? 'none',
      userId: key,
      version: Number(headers[HEADERS.version]),
    }),
  );
  return {
    changes: { kafkajs: byPartition(byKafkajs), Java: byJava },
    states: await readStates(options, registry),
    letters: await readLetters(options),
  };
}

/** Stable: those of a partition stay in the order of reading. */
const byPartition = <T extends { readonly partition: number }>(records: T[]): T[] =>
  records.sort((a, b) => a.partition - b.partition);

const dateOf = (day: number | null): string | null => (day === null ? null : isoDate(day));

const withDates = (change: ChangeValue) => ({
  ...change,
  qualifiedDate: dateOf(change.qualifiedDate),
  lastQualifiedBefore: dateOf(change.lastQualifiedBefore),
  lastQualifiedAfter: dateOf(change.lastQualifiedAfter),
});

async function readStates(
  { brokers, topics }: ReadPublishedOptions,
  registry: SchemaRegistry,
): Promise<PublishedState[]> {
  const states: PublishedState[] = [];
  await readTopic({ brokers, topic: topics.userStreaks }, async (partition, { key, value }) => {
    const state = (await registry.decode(value ?? Buffer.alloc(0))) as StateValue;
    const figures = {
      ...state,
      runs: state.runs.map(({ first, length }) => ({ first: isoDate(first), length })),
      lastQualifiedDate: dateOf(state.lastQualifiedDate),
    };
    states.push({ partition, key: String(key), version: Number(state.version), state: streakText(figures) });
  });
  return byPartition(states);
}

async function readLetters({ brokers, topics }: ReadPublishedOptions): Promise<PublishedLetter[]> {
  const letters: PublishedLetter[] = [];
  await readTopic({ brokers, topic: topics.deadLetters }, (_, { headers }) => {
    const text = (name: string): string => String(headers?.[name]);
    letters.push({
      topicId: text(HEADERS.letterTopicId),
      partition: Number(text(HEADERS.letterPartition)),
      offset: text(HEADERS.letterOffset),
      reason: text(HEADERS.letterReason),
    });
  });
  return letters;
}
