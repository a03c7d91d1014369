import { kafkaProperties } from './kafka-properties';

const ports = [
  { broker: 9092, controller: 9093 },
  { broker: 9094, controller: 9095 },
  { broker: 9096, controller: 9097 },
];

test('one broker keeps one replica and is its own quorum', () => {
  const lines = kafkaProperties({ nodeId: 1, ports: ports.slice(0, 1), dataFolder: '/data' }).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'controller.quorum.voters=1@127.0.0.1:9093',
      'default.replication.factor=1',
      'min.insync.replicas=1',
    ]),
  );
});

test('three brokers keep three replicas, two of them in sync', () => {
  const lines = kafkaProperties({ nodeId: 2, ports, dataFolder: '/data' }).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'node.id=2',
      'listeners=PLAINTEXT://127.0.0.1:9094,CONTROLLER://127.0.0.1:9095',
      'controller.quorum.voters=1@127.0.0.1:9093,2@127.0.0.1:9095,3@127.0.0.1:9097',
      'offsets.topic.replication.factor=3',
      'transaction.state.log.min.isr=2',
      'min.insync.replicas=2',
      'auto.create.topics.enable=false',
    ]),
  );
});
