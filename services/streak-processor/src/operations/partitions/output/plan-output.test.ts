import { type GroupOffset, markMetadata } from '@streaks/exactly-once/publish/mark';
import { RefusedError } from '../../command-line/outcomes';
import { describeMark, type ShardRow } from './output-state';
import { type OutputCommand, planOutput } from './plan-output';

const row = (more: Partial<ShardRow> = {}): ShardRow => ({
  shard: 5,
  outSeq: 100n,
  publishedSeq: 95n,
  projectedSeq: 90n,
  markEpoch: 2n,
  acceptedMark: 0n,
  haltReason: null,
  haltDetail: null,
  ...more,
});
const kept = (seq: bigint, epoch = 2n): GroupOffset => ({ offset: seq, metadata: markMetadata(epoch, seq) });

describe('the mark in Kafka', () => {
  it.each<[string, GroupOffset | undefined, string]>([
    ['no offset', undefined, 'none'],
    ['an offset of -1', { offset: -1n, metadata: '' }, 'none'],
    ['an offset that somebody set', { offset: 7n, metadata: '' }, 'foreign'],
    ['metadata of another offset', { offset: 7n, metadata: markMetadata(2n, 8n) }, 'foreign'],
    ['one of an older mark epoch', kept(7n, 1n), 'void'],
    ['ours', kept(7n), 'mark'],
    ['ours, of an epoch that the database lost', kept(7n, 3n), 'mark'],
  ])('is read as the publisher writes it: %s', (_, offset, kind) => {
    expect(describeMark(row(), offset).kind).toBe(kind);
  });
});

describe('a plan for a shard', () => {
  it('republishes what is above published_seq under an epoch that is newer than any', () => {
    const plan = planOutput('republish', row({ haltReason: 'MARK_BEYOND_OUTBOX' }), kept(150n), undefined);
    expect(plan).toMatchObject({ markEpoch: 3n, acceptedMark: 0n, publishedSeq: 95n, hasNewEventIds: true });
    expect(plan.effect).toContain('rows 96 to 100 (5)');
    expect(planOutput('republish', row(), kept(90n, 6n), undefined).markEpoch).toBe(7n);
  });

  it('needs no halt where Kafka evidently has more', () => {
    expect(planOutput('republish', row(), kept(150n), undefined).markEpoch).toBe(3n);
    expect(planOutput('skip-output', row(), kept(150n), undefined)).toMatchObject({
      acceptedMark: 150n,
      markEpoch: 2n,
      hasNewEventIds: true,
    });
    expect(planOutput('skip-output', row(), kept(150n, 4n), 150n)).toMatchObject({ acceptedMark: 150n, markEpoch: 4n });
  });

  it('skips a refused row, from where Kafka is', () => {
    const refused = row({ haltReason: 'OUTPUT_REFUSED' });
    const plan = planOutput('skip-output', refused, kept(97n), 98n);
    expect(plan).toMatchObject({ publishedSeq: 98n, acceptedMark: 0n, markEpoch: 2n, hasNewEventIds: false });
    expect(plan.effect).toContain('rows 98 to 98 (1)');
    expect(planOutput('resume', refused, kept(97n), undefined)).toMatchObject({
      publishedSeq: 95n,
      hasNewEventIds: false,
    });
  });

  it.each<[OutputCommand, ShardRow, GroupOffset | undefined, bigint | undefined, string]>([
    ['republish', row(), kept(98n), undefined, 'it is not halted'],
    ['republish', row(), kept(150n, 1n), undefined, 'it is not halted'],
    ['republish', row({ acceptedMark: 150n }), kept(150n), undefined, 'it is not halted'],
    ['republish', row({ haltReason: 'OUTPUT_REFUSED' }), kept(97n), undefined, 'no answer to OUTPUT_REFUSED'],
    ['resume', row({ haltReason: 'MARK_BEYOND_OUTBOX' }), kept(150n), undefined, 'republish'],
    ['skip-output', row(), undefined, 98n, 'it is not halted'],
    ['skip-output', row({ haltReason: 'MARK_BEYOND_OUTBOX' }), undefined, undefined, 'use republish'],
    ['skip-output', row({ haltReason: 'MARK_BEYOND_OUTBOX' }), kept(150n), 120n, 'the mark in Kafka is 150'],
    ['skip-output', row({ haltReason: 'OUTPUT_REFUSED' }), kept(97n), undefined, 'say with --to'],
    ['skip-output', row({ haltReason: 'OUTPUT_REFUSED' }), kept(97n), 97n, 'not one of its rows 98 to 100'],
    ['skip-output', row({ haltReason: 'OUTPUT_REFUSED' }), kept(97n), 101n, 'not one of its rows 98 to 100'],
  ])('%s is refused for %o', (command, shard, offset, to, message) => {
    expect(() => planOutput(command, shard, offset, to)).toThrow(RefusedError);
    expect(() => planOutput(command, shard, offset, to)).toThrow(message);
  });
});
