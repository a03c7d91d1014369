import type { SourceRecord } from '../projection';
import { toWaitingRecord } from './waiting-record';

const origin = { topic: 't', topicId: 'id', partition: 3 };

describe('a waiting record', () => {
  it('says what the record said', () => {
    const fetched = Buffer.from('0123456789');
    const record: SourceRecord = {
      ...origin,
      offset: 7n,
      timestampMs: 5,
      headers: { 'x-request-id': Buffer.from('r') },
      key: fetched.subarray(2, 4),
      value: fetched.subarray(4, 9),
    };
    const { topic, topicId, partition, offset, timestampMs, headers, key, value } = toWaitingRecord(origin, record);
    expect({ topic, topicId, partition, offset, timestampMs, headers, key, value }).toEqual(record);
    expect(value?.buffer).toBe(fetched.buffer); // not copied
  });

  it('tells null and empty bytes apart, and keeps offsets past 2^53', () => {
    const offset = 2n ** 53n + 1n;
    const record: SourceRecord = { ...origin, offset, timestampMs: 0, headers: {}, key: null, value: Buffer.alloc(0) };
    const waiting = toWaitingRecord(origin, record);
    expect([waiting.offset, waiting.key, waiting.value?.length]).toEqual([offset, null, 0]);
  });
});
