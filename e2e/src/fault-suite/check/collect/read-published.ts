import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { isoDate } from '@streaks/testing/reference-fold';
import type { OutputTopics } from '@streaks/testing/start-pipeline';
import { readCommitted } from '../../../state/java-consumer';
import { type BridgingDays, bridgingOfDays, bridgingText } from '../bridging-text';
import type {
  ChangeFigures,
  PublishedChange,
  PublishedLetter,
  PublishedOutput,
  PublishedState,
} from '../collected-run';
import { readTopic } from '../read-topic';
import { stateText } from '../texts';

export interface ReadPublishedOptions {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topics: OutputTopics;
}

/** The names stand here once more, so that a change of the contract does not go unseen. */
const HEADERS = {
  eventId: 'event-id',
  version: 'version',
  ruleId: 'rule-id',
  letterTopic: 'x-dead-letter-topic',
  letterReason: 'x-dead-letter-reason',
  letterTopicId: 'x-dead-letter-topic-id',
  letterPartition: 'x-dead-letter-partition',
  letterOffset: 'x-dead-letter-offset',
} as const;

type Dated<Figures, Dates extends keyof Figures> = Omit<Figures, Dates> & { readonly [Name in Dates]: number | null };

interface ChangeValue extends Dated<ChangeFigures, 'qualifiedDate' | 'lastQualifiedBefore' | 'lastQualifiedAfter'> {
  readonly eventId: string;
  readonly userId: string;
  readonly ruleId: string;
  readonly version: number;
  readonly generation: number;
}

interface StateValue {
  readonly runs: readonly { readonly first: number; readonly length: number }[];
  readonly currentRunLength: number;
  readonly longestRunLength: number;
  readonly qualifiedDaysCount: number;
  readonly lastQualifiedDate: number | null;
  readonly timezone: string | null;
  readonly version: number;
  readonly lastEventAt: number | null;
  readonly freezeSteps: BridgingDays['freezes'];
  readonly pauses: BridgingDays['pauses'];
}

export type { OutputTopics };

/** What read_committed readers see: changes by our client and by Java's, which shares no code with us; the rest by ours. */
export async function readPublished(options: ReadPublishedOptions): Promise<PublishedOutput> {
  const { brokers, topics } = options;
  const registry = new SchemaRegistry({ host: options.registryUrl });
  const byKafkajs: PublishedChange[] = [];
  await readTopic({ brokers, topic: topics.streakChanges }, async (partition, { value, key, headers }) => {
    const change = (await registry.decode(value ?? Buffer.alloc(0))) as ChangeValue;
    const says = [headers?.[HEADERS.eventId], key, headers?.[HEADERS.ruleId], headers?.[HEADERS.version]].join();
    const holds = [change.eventId, change.userId, change.ruleId, change.version].join();
    byKafkajs.push({
      partition,
      // Headers that say other than the value make it another event.
      eventId: says === holds ? change.eventId : `headers ${says}, value ${holds}`,
      rule: change.ruleId,
      userId: change.userId,
      version: Number(change.version),
      figures: figuresOf(change),
      generation: Number(change.generation),
    });
  });
  const read = await readCommitted({ brokers, topic: topics.streakChanges, least: byKafkajs.length });
  const byJava = read.map(
    ({ partition, key, headers }): PublishedChange => ({
      partition,
      eventId: headers[HEADERS.eventId] ?? 'none',
      rule: headers[HEADERS.ruleId] ?? 'none',
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

const figuresOf = (change: ChangeValue): ChangeFigures => ({
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
  await readTopic({ brokers, topic: topics.userStreaks }, async (partition, { key, value, headers }) => {
    const version = Number(headers?.[HEADERS.version]?.toString());
    const state = value === null ? null : ((await registry.decode(value)) as StateValue);
    // A value that says another version than its header is told by its text.
    const text = state === null || state.version === version ? textOf(state) : `value of v${state.version}`;
    states.push({ partition, key: String(key), version, state: text });
  });
  return byPartition(states);
}

function textOf(state: StateValue | null): string | null {
  if (state === null) return null;
  return stateText({
    ...state,
    runs: state.runs.map(({ first, length }) => ({ first: isoDate(first), length })),
    lastQualifiedDate: dateOf(state.lastQualifiedDate),
    bridging: bridgingText(bridgingOfDays({ freezes: state.freezeSteps, pauses: state.pauses })),
    updatedAtMs: state.lastEventAt,
  });
}

async function readLetters({ brokers, topics }: ReadPublishedOptions): Promise<PublishedLetter[]> {
  const letters: PublishedLetter[] = [];
  await readTopic({ brokers, topic: topics.deadLetters }, (_, { headers }) => {
    const text = (name: string): string => String(headers?.[name]);
    letters.push({
      topic: text(HEADERS.letterTopic),
      topicId: text(HEADERS.letterTopicId),
      partition: Number(text(HEADERS.letterPartition)),
      offset: text(HEADERS.letterOffset),
      reason: text(HEADERS.letterReason),
    });
  });
  return letters;
}
