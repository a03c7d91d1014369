import type { GroupOffset } from '@streaks/exactly-once/publish/mark';
import { RefusedError } from '../../command-line/outcomes';
import { describeMark, isBeyondOutbox, type KafkaMark, type ShardRow } from './output-state';

export type OutputCommand = 'republish' | 'skip-output' | 'resume';

/** What will be done to a shard's publication, told before it is done. */
export interface OutputPlan {
  readonly row: ShardRow;
  readonly markEpoch: bigint;
  readonly acceptedMark: bigint;
  readonly publishedSeq: bigint;
  /**
   * Rows that will be published get the new generation, and with it new event ids: what is applied again after a restore is
   * numbered in another order, so that a change may come behind the mark whose id Kafka has.
   */
  readonly hasNewEventIds: boolean;
  readonly effect: string;
}

/** @throws RefusedError when the command is none for the state that the shard is in */
export function planOutput(
  command: OutputCommand,
  row: ShardRow,
  offset: GroupOffset | undefined,
  to: bigint | undefined,
): OutputPlan {
  const refuse = (why: string) => new RefusedError(`shard ${row.shard}: ${why}`);
  const isBeyond = isBeyondOutbox(row, offset);
  const mark = describeMark(row, offset);
  if (row.haltReason !== null && !isBeyond && (row.haltReason !== 'OUTPUT_REFUSED' || command === 'republish')) {
    throw refuse(`${command} is no answer to ${row.haltReason}; ${cureOfShard(row.haltReason)}`);
  }
  if (row.haltReason === null && !isBeyond) throw refuse('it is not halted, and Kafka has no more of it than Postgres');
  if (command === 'republish') return planRepublish(row, mark);
  if (command === 'resume') {
    if (row.haltReason !== 'OUTPUT_REFUSED')
      throw refuse(`resume is no answer to it; ${cureOfShard('MARK_BEYOND_OUTBOX')}`);
    const effect = `shard ${row.shard} tries again to publish the rows above ${row.publishedSeq}; nothing is skipped`;
    return { ...unchanged(row), effect };
  }
  return isBeyond ? planAcceptedMark(row, mark, to, refuse) : planSkippedRows(row, mark, to, refuse);
}

function planRepublish(row: ShardRow, mark: KafkaMark): OutputPlan {
  const published = mark.kind === 'mark' ? `the mark ${mark.seq} in Kafka` : 'the mark in Kafka';
  const count = row.outSeq - row.publishedSeq;
  const rows =
    count > 0n ? `rows ${row.publishedSeq + 1n} to ${row.outSeq} (${count}) and all later ones` : 'all later rows';
  const effect = `shard ${row.shard} forgets ${published} and publishes ${rows} with new event ids`;
  // A restored database may have lost the epoch that its marks in Kafka are from.
  const newest = mark.kind === 'mark' && mark.epoch > row.markEpoch ? mark.epoch : row.markEpoch;
  return { ...unchanged(row), markEpoch: newest + 1n, acceptedMark: 0n, hasNewEventIds: true, effect };
}

function planAcceptedMark(
  row: ShardRow,
  mark: KafkaMark,
  to: bigint | undefined,
  refuse: (why: string) => Error,
): OutputPlan {
  if (mark.kind !== 'mark') throw refuse('Kafka keeps no mark of it that could be accepted; use republish');
  if (to !== undefined && to !== mark.seq) throw refuse(`the mark in Kafka is ${mark.seq}; leave --to away`);
  const first = row.publishedSeq + 1n;
  const effect =
    `shard ${row.shard} counts rows up to ${mark.seq}, the mark in Kafka, as published, and later ones get new event ids; ` +
    `NEVER PUBLISHED, unless Kafka has them already: rows ${first} to ${mark.seq}, those that are still to come among them`;
  return { ...unchanged(row), markEpoch: mark.epoch, acceptedMark: mark.seq, hasNewEventIds: true, effect };
}

function planSkippedRows(
  row: ShardRow,
  mark: KafkaMark,
  to: bigint | undefined,
  refuse: (why: string) => Error,
): OutputPlan {
  const done = mark.kind === 'mark' && mark.seq > row.publishedSeq ? mark.seq : row.publishedSeq;
  if (to === undefined) throw refuse(`say with --to up to which row to skip; ${row.haltDetail ?? 'the log has it'}`);
  if (to <= done || to > row.outSeq) throw refuse(`--to ${to} is not one of its rows ${done + 1n} to ${row.outSeq}`);
  const effect = `shard ${row.shard} goes on after row ${to}; NEVER PUBLISHED: rows ${done + 1n} to ${to} (${to - done})`;
  return { ...unchanged(row), publishedSeq: to, effect };
}

const unchanged = (row: ShardRow): Omit<OutputPlan, 'effect'> => ({
  row,
  markEpoch: row.markEpoch,
  acceptedMark: row.acceptedMark,
  publishedSeq: row.publishedSeq,
  hasNewEventIds: false,
});

/** What to do about a halt of a shard, in one line. */
export function cureOfShard(haltReason: string): string {
  switch (haltReason) {
    case 'MARK_BEYOND_OUTBOX':
      return 'stop the processors, then republish (or skip-output: count as many rows as published as Kafka has)';
    case 'OUTPUT_REFUSED':
      return 'let the topic take the record and resume, or skip-output --to SEQ';
    default:
      return 'docs/operations.md says what to do';
  }
}
