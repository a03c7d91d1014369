import type { Connections } from '../command-line/connect';
import { EXIT, lineOf, RefusedError } from '../command-line/outcomes';
import { requireConsent, type Terminal } from '../command-line/terminal';
import { type AuditHead, changeInput } from './input/change-input';
import { type InputRow, readInputRows, readTopicFacts, type TopicFacts } from './input/input-state';
import { fetchNextBatchOffset, leaderOf } from './input/next-batch';
import { CURED_BY, type InputCommand, planInput } from './input/plan-input';
import { formatOverview, formatOverviewAsJson, type Overview } from './list-partitions';
import { changeOutput } from './output/change-output';
import { isBeyondOutbox, readMarksInKafka, readShardRows, type ShardRow } from './output/output-state';
import { type OutputCommand, planOutput } from './output/plan-output';
import { readGroupMembers } from './output/processors-running';
import type { ChangeRequest, HelpRequest, PartitionsRequest, Scope } from './partitions-request';

export interface PartitionsContext extends Connections {
  readonly terminal: Terminal;
  /** Who is asked for when no --actor was given. */
  readonly systemUser: string;
}

const BROKER_TIMEOUT_MS = 5_000;

/** `npm run partitions`. @throws UsageError, RefusedError; anything else means that a server did not answer */
export async function runPartitions(
  context: PartitionsContext,
  request: Exclude<PartitionsRequest, HelpRequest>,
): Promise<number> {
  if (request.command === 'list') {
    const overview = await readOverview(context);
    context.terminal.print(request.asJson ? formatOverviewAsJson(overview) : formatOverview(overview));
  } else if (request.scope.kind === 'partitions') {
    await changeInputs(context, request.command as InputCommand, request);
  } else {
    await changeShards(context, request.command as OutputCommand, request);
  }
  return EXIT.done;
}

async function readOverview(context: PartitionsContext): Promise<Overview> {
  const orNote = (error: unknown) => void context.terminal.note(`without what Kafka has: ${lineOf(error)}`);
  const topics = topicsOf(context);
  const rows = await Promise.all(topics.map((topic) => readInputRows(context.pool, topic)));
  const shards = await readShardRows(context.pool);
  const [marks, ...facts] = await Promise.all([
    readMarksInKafka(context).catch(orNote),
    ...topics.map((topic) => readFactsIfThere(context, topic).catch(orNote)),
  ]);
  const inputs = topics.map((topic, place) => ({
    topic,
    rows: rows[place] ?? new Map(),
    facts: facts[place] ?? undefined,
  }));
  return { inputs, shards, marks: marks ?? undefined };
}

/** The topics are made by the first processor that starts: until then one may be missing. */
async function readFactsIfThere(context: PartitionsContext, topic: string): Promise<TopicFacts | 'no such topic'> {
  return await readTopicFacts(context, topic).catch((error: Error) => {
    if (error.name === 'TopicMissingError') return 'no such topic';
    throw error;
  });
}

/** What processors read; the first one is meant where none is named. */
const topicsOf = ({ config }: PartitionsContext): readonly [string, ...string[]] => [
  config.SESSION_EVENTS_TOPIC,
  config.ORGANISATION_EVENTS_TOPIC,
  config.FRIENDSHIP_EVENTS_TOPIC,
];

function chooseTopic(context: PartitionsContext, named: string | undefined): string {
  const topics = topicsOf(context);
  const topic = named ?? topics[0];
  if (!topics.includes(topic)) throw new RefusedError(`processors do not read ${topic}, but ${topics.join(', ')}`);
  return topic;
}

async function changeInputs(context: PartitionsContext, command: InputCommand, request: ChangeRequest): Promise<void> {
  const { pool, terminal } = context;
  const topic = chooseTopic(context, request.topic);
  const rows = await readInputRows(pool, topic);
  const chosen = chooseRows(request.scope, rows, `partition of ${topic}`, ({ haltReason }) =>
    CURED_BY[command].includes(haltReason ?? ''),
  );
  if (chosen.length === 0) return terminal.print(`No partition of ${topic} is halted for what ${command} cures.`);
  const facts = await readTopicFacts(context, topic);
  const present = request.scope.numbers === 'all' ? chosen.filter((row) => isThere(row, facts, terminal)) : chosen;
  const findNextBatch = (partition: number, offset: bigint) => findBatchAfter(context, { topic, partition, offset });
  const plans = [];
  for (const row of present) plans.push(await planInput(command, row, { topic, facts, to: request.to, findNextBatch }));
  if (plans.length === 0) return;
  for (const { effect } of plans) terminal.print(effect);
  await requireConsent(terminal, request.isAgreed);
  await changeInput(pool, topic, plans, auditOf(context, request, { topic }));
  terminal.print('Done. Running processors go on within ten seconds.');
}

async function changeShards(context: PartitionsContext, command: OutputCommand, request: ChangeRequest): Promise<void> {
  const { pool, terminal, config } = context;
  const rows = await readShardRows(pool);
  const marks = await readMarksInKafka(context);
  const chosen = chooseRows(request.scope, rows, 'shard', (row) => isBeyondOutbox(row, marks.get(row.shard)));
  const plans = chosen.map((row) => planOutput(command, row, marks.get(row.shard), request.to));
  // After a restore the generation has to grow even where nothing had been published yet: Redis may be ahead of Postgres.
  const raisesGeneration = command === 'republish' || plans.some(({ hasNewEventIds }) => hasNewEventIds);
  if (plans.length === 0 && !raisesGeneration) return terminal.print('Kafka has no more of any shard than Postgres.');
  for (const { effect } of plans) terminal.print(effect);
  if (raisesGeneration) {
    await requireNoProcessor(context);
    terminal.print('The generation grows by 1: changes from now on have new event ids, and Redis is filled anew.');
  }
  await requireConsent(terminal, request.isAgreed);
  await changeOutput(
    pool,
    { plans, raisesGeneration },
    auditOf(context, request, { groupId: config.CONSUMER_GROUP_ID }),
  );
  terminal.print(
    raisesGeneration ? 'Done. Start the processors.' : 'Done. Running processors go on within ten seconds.',
  );
}

/** A processor reads the generation at its start only: one that runs would go on storing changes under event ids that are taken. */
async function requireNoProcessor(context: PartitionsContext): Promise<void> {
  const { CONSUMER_GROUP_ID } = context.config;
  const members = await readGroupMembers(context, CONSUMER_GROUP_ID);
  if (members === 0) return;
  throw new RefusedError(
    `stop the processors first, they read the generation at their start: group ${CONSUMER_GROUP_ID} has ${members} ` +
      `member${members === 1 ? '' : 's'} (one that was killed counts until its session has timed out)`,
  );
}

function chooseRows<Row extends InputRow | ShardRow>(
  { numbers }: Scope,
  rows: ReadonlyMap<number, Row>,
  what: string,
  isCured: (row: Row) => boolean,
): readonly Row[] {
  if (numbers === 'all') return [...rows.values()].filter(isCured);
  return numbers.map((number) => {
    const row = rows.get(number);
    if (row === undefined) throw new RefusedError(`there is no ${what} with number ${number}`);
    return row;
  });
}

function isThere({ partition }: InputRow, facts: TopicFacts, terminal: Terminal): boolean {
  const isPresent = facts.bounds.has(partition);
  if (!isPresent) terminal.note(`partition ${partition} is passed over: the topic has no such partition now`);
  return isPresent;
}

async function findBatchAfter(
  context: PartitionsContext,
  at: { readonly topic: string; readonly partition: number; readonly offset: bigint },
): Promise<bigint> {
  const leader = await context.withAdmin((admin) => leaderOf(admin, at.topic, at.partition));
  return await fetchNextBatchOffset(leader, at, { clientId: 'streaks-operator', timeoutMs: BROKER_TIMEOUT_MS });
}

function auditOf(
  { systemUser }: PartitionsContext,
  { command, scope, to, reason, actor }: ChangeRequest,
  more: Readonly<Record<string, string>>,
): AuditHead {
  return {
    actor: actor ?? systemUser,
    command: `partitions ${command}`,
    arguments: { ...more, [scope.kind]: scope.numbers, to: to ?? null, reason: reason ?? null },
  };
}
