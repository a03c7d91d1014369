import { RefusedError } from '../../command-line/outcomes';
import type { InputRow } from './input-state';
import { type InputCommand, planInput } from './plan-input';

const OLD = '00000000-0000-0000-0000-000000000001';
const NEW = '00000000-0000-0000-0000-000000000002';

const halted = (haltReason: string | null, more: Partial<InputRow> = {}): InputRow => ({
  partition: 3,
  topicId: OLD,
  epoch: 7n,
  owner: 'p',
  nextOffset: 100n,
  haltReason,
  haltDetail: 'd',
  ...more,
});

const plan = (
  command: InputCommand,
  row: InputRow,
  { low = 120n, high = 200n, to, topicId = OLD }: { low?: bigint; high?: bigint; to?: bigint; topicId?: string } = {},
) =>
  planInput(command, row, {
    topic: 't',
    facts: { topicId, bounds: new Map([[3, { low, high }]]) },
    to,
    findNextBatch: async (_, offset) => offset + 25n,
  });

describe('a plan for a halted partition', () => {
  it('goes on at the first record left and names every offset that is lost', async () => {
    const { nextOffset, effect } = await plan('accept-gap', halted('POSITION_BELOW_LOG_START'));
    expect(nextOffset).toBe(120n);
    expect(effect).toContain('offsets 100 to 119 (20)');
  });

  it('skips one unreadable batch, or as far as it is told', async () => {
    const row = halted('UNREADABLE_BATCH');
    expect((await plan('accept-gap', row, { low: 0n })).nextOffset).toBe(125n);
    expect((await plan('accept-gap', row, { low: 0n, to: 130n })).effect).toContain('offsets 100 to 129 (30)');
  });

  it('says what is read again where it goes back', async () => {
    const row = halted('POSITION_BEYOND_LOG_END');
    expect((await plan('accept-gap', row, { low: 0n, high: 60n, to: 40n })).effect).toContain('40 to 99');
  });

  it('takes a new topic from its low offset, and leaves the position where only a halt is cleared', async () => {
    expect(await plan('adopt', halted('TOPIC_RECREATED'), { topicId: NEW })).toMatchObject({
      topicId: NEW,
      nextOffset: 120n,
    });
    expect(await plan('resume', halted('TOO_MANY_BAD_RECORDS'), { low: 0n })).toMatchObject({
      topicId: OLD,
      nextOffset: 100n,
    });
  });

  it.each<[InputCommand, InputRow, Parameters<typeof plan>[2], string]>([
    ['accept-gap', halted(null), {}, 'it is not halted'],
    ['accept-gap', halted('TOPIC_RECREATED'), {}, 'no answer to TOPIC_RECREATED; adopt'],
    ['adopt', halted('UNREADABLE_BATCH'), {}, 'no answer'],
    ['resume', halted('POSITION_BEYOND_LOG_END'), {}, 'no answer'],
    ['adopt', halted('TOPIC_RECREATED'), {}, 'nothing to adopt'],
    ['accept-gap', halted('POSITION_BELOW_LOG_START'), { topicId: NEW }, 'use adopt'],
    ['accept-gap', halted('POSITION_BELOW_LOG_START'), { low: 90n }, 'inside the log'],
    ['accept-gap', halted('POSITION_BELOW_LOG_START'), { to: 119n }, 'outside of the log, 120 to 200'],
    ['accept-gap', halted('POSITION_BEYOND_LOG_END'), { low: 0n, high: 60n }, 'say with --to'],
    ['accept-gap', halted('POSITION_BEYOND_LOG_END'), { low: 0n, high: 60n, to: 61n }, 'outside of the log'],
    ['accept-gap', halted('UNREADABLE_BATCH'), { low: 0n, to: 100n }, 'not after the batch at 100'],
    ['accept-gap', halted('UNREADABLE_BATCH'), { low: 0n, high: 100n }, 'there is no batch to skip'],
    ['adopt', halted('TOPIC_RECREATED', { partition: 4 }), { topicId: NEW }, 'no such partition'],
  ])('%s of %o is refused', async (command, row, facts, message) => {
    await expect(plan(command, row, facts)).rejects.toThrow(RefusedError);
    await expect(plan(command, row, facts)).rejects.toThrow(message);
  });
});
