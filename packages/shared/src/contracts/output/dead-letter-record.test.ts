import { type DeadLetter, deadLetterRecordHeaders } from './dead-letter-record';

const letter: DeadLetter = {
  topic: 'session-events',
  topicId: '5f0c1a52-9b1e-4a7d-8a86-0d1b2c3d4e5f',
  partition: 3,
  offset: 2n ** 60n,
  reason: 'MALFORMED_JSON',
  detail: 'not valid UTF-8',
  firstSeenMs: 1_736_935_200_250,
  userId: undefined,
  eventId: undefined,
  headers: {},
};

const pairsOf = (of: DeadLetter) => {
  const headers = deadLetterRecordHeaders(of);
  return headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]] as const] : []));
};

describe('a dead letter', () => {
  it('tells why, from where and since when', () => {
    expect(Object.fromEntries(pairsOf(letter))).toEqual({
      'x-dead-letter-reason': 'MALFORMED_JSON',
      'x-dead-letter-detail': 'not valid UTF-8',
      'x-dead-letter-topic': 'session-events',
      'x-dead-letter-topic-id': '5f0c1a52-9b1e-4a7d-8a86-0d1b2c3d4e5f',
      'x-dead-letter-partition': '3',
      'x-dead-letter-offset': '1152921504606846976',
      'x-dead-letter-first-seen': '2025-01-15T10:00:00.250Z',
    });
  });

  it('keeps its original headers but for those of an earlier failure', () => {
    const headers = {
      trace: 'a',
      bytes: Buffer.from([0xff, 0]),
      twice: ['x', Buffer.from('y')],
      none: [],
      'x-dead-letter-reason': 'OLD',
      'x-dead-letter-user-id': 'old',
    };
    const pairs = pairsOf({ ...letter, headers, eventId: 'session-1' });
    expect(pairs.slice(0, 5)).toEqual([
      ['bytes', Buffer.from([0xff, 0])],
      ['trace', Buffer.from('a')],
      ['twice', Buffer.from('x')],
      ['twice', Buffer.from('y')],
      ['x-dead-letter-reason', 'MALFORMED_JSON'],
    ]);
    expect(pairs.at(-1)).toEqual(['x-dead-letter-event-id', 'session-1']);
    expect(pairs.map(([name]) => name)).not.toContain('x-dead-letter-user-id');
  });

  it('stays small and storable whatever its detail and ids are', () => {
    const hostile = `${'\u0000\ud800'.repeat(5_000)}`;
    const headers = Object.fromEntries(pairsOf({ ...letter, detail: hostile, userId: hostile }));
    expect(headers['x-dead-letter-detail']).toBe('\uFFFD'.repeat(1_000));
    expect(headers['x-dead-letter-user-id']).toBe('\uFFFD'.repeat(200));
  });
});
