import { type ClaimRequest, claimPartition, type Watermarks } from './claim-partition';

/** The row that a claim finds, and what it looks like after the epoch was raised. */
const storeWith = (row: { nextOffset: bigint; topicId?: string; haltReason?: string | null }) => {
  const statements: string[] = [];
  const store = {
    query: async (text: string) => {
      statements.push(text.trim().split(' ')[0] ?? '');
      const found = {
        epoch: '8',
        next_offset: String(row.nextOffset),
        topic_id: row.topicId ?? 'id',
        halt_reason: row.haltReason ?? null,
      };
      return { rows: text.startsWith('UPDATE') ? [found] : [] };
    },
  } as unknown as Parameters<typeof claimPartition>[0];
  return { store, statements };
};

const request = (...looks: readonly Watermarks[]): ClaimRequest => {
  let look = 0;
  return {
    topic: 'events',
    partition: 0,
    owner: 'me',
    topicId: 'id',
    readWatermarks: async () => looks[Math.min(look++, looks.length - 1)] ?? { low: 0n, high: 0n },
  };
};

describe('a claim', () => {
  const log = { low: 10n, high: 20n };
  it.each([
    ['at the start of the log', { nextOffset: 10n }, 'claimed'],
    ['in the middle', { nextOffset: 15n }, 'claimed'],
    ['at its end', { nextOffset: 20n }, 'claimed'],
    ['below the start: records were deleted unseen', { nextOffset: 9n }, 'POSITION_BELOW_LOG_START'],
    ['beyond the end: the log was truncated', { nextOffset: 21n }, 'POSITION_BEYOND_LOG_END'],
    ['of a topic that was recreated, whatever its offsets', { nextOffset: 15n, topicId: 'old' }, 'TOPIC_RECREATED'],
    ['halted for what may have been put right since', { nextOffset: 15n, haltReason: 'UNREADABLE_BATCH' }, 'claimed'],
    [
      'halted for bad records, which only an operator ends',
      { nextOffset: 15n, haltReason: 'TOO_MANY_BAD_RECORDS' },
      'TOO_MANY_BAD_RECORDS',
    ],
    [
      'halted for bad records and recreated since',
      { nextOffset: 15n, topicId: 'old', haltReason: 'TOO_MANY_BAD_RECORDS' },
      'TOPIC_RECREATED',
    ],
  ])('%s', async (_, row, expected) => {
    const claim = await claimPartition(storeWith(row).store, request(log));
    expect(claim.kind === 'halt' ? claim.reason : claim.kind).toBe(expected);
    expect(claim.epoch).toBe(8n);
    if (claim.kind === 'claimed') expect(claim.wasHalted).toBe('haltReason' in row);
  });

  it('looks again when the previous owner got further than the log reached at first', async () => {
    const { store } = storeWith({ nextOffset: 25n });
    expect(await claimPartition(store, request(log, { low: 10n, high: 30n }))).toMatchObject({
      kind: 'claimed',
      nextOffset: 25n,
    });
  });

  it('makes the row before it raises the epoch, after it has seen the log', async () => {
    const { store, statements } = storeWith({ nextOffset: 10n });
    await claimPartition(store, request(log));
    expect(statements).toEqual(['INSERT', 'UPDATE']);
  });
});
