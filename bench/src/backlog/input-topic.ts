import { createTopic, uniqueName, withAdmin } from '@streaks/testing/fresh-topic';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import type { DataSet } from '../data-set/generate-data-set';
import { openAvroProducer } from './produce-avro';

/** A topic that holds a data set: ours and the peers read the same one, so that all have the same data from the same files. */
export interface InputTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly records: number;
  drop(): Promise<void>;
}

const RECORDS_A_REQUEST = 5_000;

export async function produceDataSet({ events, partitionCount }: DataSet): Promise<InputTopic> {
  const addresses = stackAddresses();
  const brokers = kafkaBrokers(addresses);
  const topic = uniqueName('session-events');
  await createTopic(brokers, topic, partitionCount);
  const producer = await openAvroProducer({ brokers, topic, registryUrl: addresses.SCHEMA_REGISTRY_URL });
  try {
    for (let from = 0; from < events.length; from += RECORDS_A_REQUEST) {
      await producer.send(events.slice(from, from + RECORDS_A_REQUEST));
    }
  } finally {
    await producer.close();
  }
  return {
    topic,
    partitions: partitionCount,
    records: events.length,
    drop: () => withAdmin(brokers, (admin) => admin.deleteTopics({ topics: [topic] })).catch(() => undefined),
  };
}
