import { formatJson, formatTable, printable } from '../command-line/table';
import type { InputRow, TopicFacts } from './input/input-state';
import { cureOf } from './input/plan-input';
import { describeMark, isBeyondOutbox, type KafkaMark, type MarksInKafka, type ShardRow } from './output/output-state';
import { cureOfShard } from './output/plan-output';

/** An input topic. What Kafka would say is undefined while it is away. */
export interface InputOverview {
  readonly topic: string;
  readonly rows: ReadonlyMap<number, InputRow>;
  readonly facts: TopicFacts | 'no such topic' | undefined;
}

/** All that `partitions list` shows. */
export interface Overview {
  /** The first one is that which commands are about when they are not told another. */
  readonly inputs: readonly InputOverview[];
  readonly shards: ReadonlyMap<number, ShardRow>;
  readonly marks: MarksInKafka | undefined;
}

/** Of input partitions and of shards alike: those that stand still, and what to do about each. */
interface Halt {
  readonly what: string;
  readonly reason: string;
  readonly detail: string;
  readonly cure: string;
}

export function formatOverview(overview: Overview): string {
  const halts = haltsOf(overview);
  return [
    ...overview.inputs.flatMap(formatInput),
    'Output: shards of the outbox',
    formatTable(
      ['shard', 'rows', 'published', 'mark in Kafka', 'to publish', 'in Redis', 'mark epoch', 'halt'],
      shardsOf(overview).map((s) => [
        s.shard,
        s.outSeq,
        s.publishedSeq,
        s.markInKafka,
        s.unpublished,
        s.projectedSeq,
        s.markEpoch,
        s.haltReason ?? '',
      ]),
    ),
    '',
    ...(halts.length === 0
      ? ['Nothing is halted.']
      : halts.map(({ what, reason, detail, cure }) => `${what} ${reason}: ${printable(detail)}\n  -> ${cure}`)),
  ].join('\n');
}

const formatInput = (input: InputOverview): readonly string[] => [
  `Input: topic ${input.topic}${input.facts === 'no such topic' ? ', which is not there' : ''}${idOf(input)}`,
  formatTable(
    ['partition', 'next offset', 'log low', 'log high', 'lag', 'epoch', 'owner', 'halt'],
    partitionsOf(input).map((p) => [
      p.partition,
      p.nextOffset,
      p.low,
      p.high,
      p.lag,
      p.epoch,
      p.owner,
      p.haltReason ?? '',
    ]),
  ),
  '',
];

const foundIn = ({ facts }: InputOverview): TopicFacts | undefined => (facts === 'no such topic' ? undefined : facts);

function idOf(input: InputOverview): string {
  const facts = foundIn(input);
  return facts === undefined ? '' : `, id ${facts.topicId}`;
}

export function formatOverviewAsJson(overview: Overview): string {
  return formatJson({
    topics: overview.inputs.map((input) => ({
      topic: input.topic,
      topicId: foundIn(input)?.topicId ?? null,
      partitions: partitionsOf(input),
    })),
    shards: shardsOf(overview),
    halts: haltsOf(overview),
  });
}

/** A partition that no processor has claimed yet has no row; one of an older, larger topic has no log. */
function partitionsOf(input: InputOverview) {
  const { rows } = input;
  const facts = foundIn(input);
  const numbers = [...new Set([...rows.keys(), ...(facts?.bounds.keys() ?? [])])].sort((a, b) => a - b);
  return numbers.map((partition) => {
    const row = rows.get(partition);
    const bounds = facts?.bounds.get(partition);
    return {
      partition,
      topicId: row?.topicId ?? null,
      nextOffset: row?.nextOffset ?? null,
      low: bounds?.low ?? null,
      high: bounds?.high ?? null,
      lag: bounds === undefined || facts === undefined ? null : lagOf(row, bounds.low, bounds.high, facts.topicId),
      epoch: row?.epoch ?? null,
      owner: row?.owner ?? null,
      haltReason: row?.haltReason ?? null,
      haltDetail: row?.haltDetail ?? null,
    };
  });
}

/** Records that wait: of those that are there. A position of another topic says nothing about this one. */
function lagOf(row: InputRow | undefined, low: bigint, high: bigint, topicId: string): bigint {
  const from = row === undefined || row.topicId !== topicId || row.nextOffset < low ? low : row.nextOffset;
  return from > high ? 0n : high - from;
}

function shardsOf({ shards, marks }: Overview) {
  return [...shards.values()].map((row) => ({
    ...row,
    unpublished:
      row.outSeq - (row.publishedSeq > row.acceptedMark ? row.publishedSeq : minOf(row.acceptedMark, row.outSeq)),
    markInKafka: marks === undefined ? null : shownMark(describeMark(row, marks.get(row.shard))),
  }));
}

const minOf = (a: bigint, b: bigint): bigint => (a < b ? a : b);

const shownMark = (mark: KafkaMark): bigint | string | null =>
  mark.kind === 'mark' ? mark.seq : mark.kind === 'none' ? null : mark.kind;

function haltsOf({ inputs, shards, marks }: Overview): readonly Halt[] {
  const ofInputs = inputs.flatMap(({ topic, rows }, place) =>
    [...rows.values()].flatMap(({ partition, haltReason, haltDetail }) => {
      if (haltReason === null) return [];
      const what = `partition ${partition} of ${topic}`;
      const cure = place === 0 ? cureOf(haltReason) : `--topic ${topic}: ${cureOf(haltReason)}`;
      return [{ what, reason: haltReason, detail: haltDetail ?? '', cure }];
    }),
  );
  const ofShards = [...shards.values()].flatMap((row) => {
    const reason = row.haltReason ?? (isBeyondOutbox(row, marks?.get(row.shard)) ? 'MARK_BEYOND_OUTBOX' : null);
    if (reason === null) return [];
    const detail = row.haltDetail ?? 'Kafka has more of it than Postgres; no processor has found out yet';
    return [{ what: `shard ${row.shard}`, reason, detail, cure: cureOfShard(reason) }];
  });
  return [...ofInputs, ...ofShards];
}
