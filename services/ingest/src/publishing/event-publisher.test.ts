import type { Session } from '@streaks/shared/domain/events/session';
import {
  KafkaUnavailableError,
  type OutgoingRecord,
  type ReliableProducerHealth,
} from '@streaks/shared/kafka/producer/reliable-producer';
import { createEventPublisher } from './event-publisher';
import { EncoderUnavailableError } from './publish-problems';

const session: Session = { userId: 'u1', sessionId: 's1', startMs: 1, endMs: 2, timezone: 'UTC' };

function createPublisher() {
  const sent: OutgoingRecord[] = [];
  const control = { health: { state: 'ready' } as ReliableProducerHealth, nowMs: 0, hasEncoder: true };
  const publisher = createEventPublisher<Session>({
    keyOf: ({ userId }) => userId,
    producer: {
      send: async (record) => {
        sent.push(record);
        return { partition: 0, offset: 0n };
      },
      health: () => control.health,
    },
    encoder: () => (control.hasEncoder ? { encode: ({ sessionId }) => Buffer.from(sessionId) } : undefined),
    refuseAfterMs: 10_000,
    monotonicMs: () => control.nowMs,
    observePublishSeconds: () => undefined,
  });
  return { publisher, sent, control };
}

describe('createEventPublisher', () => {
  it('keys the record and carries the correlation id and the reply channel in headers', async () => {
    const { publisher, sent } = createPublisher();
    await publisher.publish(session, { requestId: 'r1' });
    await publisher.publish(session, { requestId: 'r2', replyTo: 'c' });
    expect(sent).toEqual([
      { key: 'u1', value: Buffer.from('s1'), headers: { 'x-request-id': 'r1' } },
      { key: 'u1', value: Buffer.from('s1'), headers: { 'x-request-id': 'r2', 'x-reply-to': 'c' } },
    ]);
  });

  it('rides out a short failure, refuses at once during a long one, and goes on after it', async () => {
    const { publisher, sent, control } = createPublisher();
    control.health = { state: 'failing', lastError: 'no broker' };
    await publisher.publish(session, { requestId: 'r1' });
    control.nowMs = 9_999;
    await publisher.publish(session, { requestId: 'r1' });
    control.nowMs = 10_000;
    await expect(publisher.publish(session, { requestId: 'r1' })).rejects.toThrow(KafkaUnavailableError);
    control.health = { state: 'ready' };
    await publisher.publish(session, { requestId: 'r1' });
    control.health = { state: 'failing' };
    await publisher.publish(session, { requestId: 'r1' });
    expect(sent).toHaveLength(4);
  });

  it('refuses while the schema is not registered', async () => {
    const { publisher, control } = createPublisher();
    control.hasEncoder = false;
    await expect(publisher.publish(session, { requestId: 'r1' })).rejects.toThrow(EncoderUnavailableError);
  });
});
