import { describeRatio } from '../figures/ratio';
import { updateRatios, updateRows } from './describe-updates';
import type { UpdatesResult } from './measure-updates';

const load = { updates: 10_000, pending: 0, perSecond: 2_000, p50Ms: 10, p95Ms: 75, p99Ms: 90, cpu: { ingest: 1 } };
const updates: UpdatesResult = {
  users: 1_000,
  paced: load,
  flatOut: { ...load, pending: 3 },
  bare: { ...load, perSecond: 8_000 },
  batched: { updates: 200_000, perSecond: 20_000, cpu: { postgres: 2, processor: 2 } },
};

describe('the updates of a run', () => {
  it('have ratios over the bare route and over what is asked for', () => {
    const ratios = updateRatios(updates).map((ratio) => ratio && [ratio.baseline, describeRatio(ratio)]);
    expect(ratios).toEqual([
      ['bare Express', '0.25'],
      ['target', '2.00 (asked for: 1; reached)'],
      ['10,000/s', '2.00 (asked for: 1; reached)'],
    ]);
    expect(updateRatios(undefined)).toEqual([]);
  });

  it('are told with what was not answered in time', () => {
    const rows = updateRows(updates);
    expect(rows.map(([what]) => what)).toEqual([
      'POST /api/streak/update, 1,000 users, each once a second',
      '… as fast as they are answered',
      '… on bare Express',
      'check-ins batched over Kafka → in Redis',
    ]);
    expect(rows[1]?.[1]).toBe('2,000/s, p50 10.0 ms, p95 75.0 ms, p99 90.0 ms; 3 not told in time');
    expect(rows[3]?.[2]).toBe('20.0 µs a check-in: postgres 2.0 s, processor 2.0 s');
  });
});
