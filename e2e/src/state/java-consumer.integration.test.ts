import { createKafka } from '@streaks/shared/kafka/create-kafka';
import { createLogger } from '@streaks/shared/observability/create-logger';
import { createFreshTopic } from '@streaks/testing/fresh-topic';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { readCommitted } from './java-consumer';

test('Java reads what was committed and nothing of what was aborted', async () => {
  const brokers = kafkaBrokers(stackAddresses());
  const { topic, drop } = await createFreshTopic({ partitions: 2, prefix: 'java' });
  const logger = createLogger({ service: 'test', level: 'silent' });
  const write = async (id: string, fate: 'commit' | 'abort'): Promise<void> => {
    const producer = createKafka({ brokers, clientId: 'java-test', logger }).producer({
      transactionalId: `${topic}-${id}`,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    const message = (partition: number) => ({
      partition,
      key: `${id}-ü`,
      value: 'x',
      headers: { id, 'x-other': 'a, b\tc' },
    });
    await transaction.send({ topic, messages: [message(0), message(1)] });
    await transaction[fate]();
    await producer.disconnect();
  };
  await write('one', 'commit');
  await write('two', 'abort');
  await write('three', 'commit');
  const records = await readCommitted({ brokers, topic });
  expect(records.map(({ partition, key, headers }) => [partition, key, headers['id'], headers['x-other']])).toEqual([
    [0, 'one-ü', 'one', 'a, b\tc'],
    [0, 'three-ü', 'three', 'a, b\tc'],
    [1, 'one-ü', 'one', 'a, b\tc'],
    [1, 'three-ü', 'three', 'a, b\tc'],
  ]);
  await drop();
}, 60_000);
