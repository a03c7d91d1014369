/** kafkajs' `producer/sendMessages`. */
export type CreateSendMessages = (
  parts: object,
) => (batch: object) => Promise<readonly { readonly partition: number; readonly baseOffset: string }[]>;

interface FakeBroker {
  readonly nodeId: number;
  produce(request: { topicData: { partitions: { partition: number }[] }[] }): Promise<unknown>;
}

/** Partition 1 moves, while it is sent to, to the broker that has acknowledged partition 0 by then. */
export async function isSentToTheNewLeader(createSendMessages: CreateSendMessages): Promise<boolean> {
  const leaders = [1, 2];
  const logs: number[][] = [[], [], []];
  const brokers = [1, 2].map(
    (nodeId): FakeBroker => ({
      nodeId,
      produce: async ({ topicData }) => {
        const partitions = topicData.flatMap((topic) => topic.partitions.map(({ partition }) => partition));
        if (partitions.some((partition) => leaders[partition] !== nodeId || nodeId === 2)) {
          throw Object.assign(new Error('not the leader'), { name: 'KafkaJSProtocolError', retriable: true });
        }
        logs[nodeId]?.push(...partitions);
        return {
          topics: [{ topicName: 't', partitions: partitions.map((partition) => ({ partition, baseOffset: '0' })) }],
        };
      },
    }),
  );
  const send = createSendMessages({
    logger: { debug: ignore, error: ignore },
    partitioner: ({ message }: { message: { partition: number } }) => message.partition,
    cluster: {
      refreshMetadataIfNecessary: ignore,
      addMultipleTargetTopics: ignore,
      isConnected: () => true,
      refreshMetadata: () => leaders.fill(1),
      findTopicPartitionMetadata: () => leaders.map((leader, partitionId) => ({ partitionId, leader })),
      findLeaderForPartitions: (_topic: string, partitions: readonly (string | number)[]) =>
        Object.fromEntries(
          [1, 2]
            .map((node) => [node, partitions.map(Number).filter((partition) => leaders[partition] === node)] as const)
            .filter(([, held]) => held.length > 0),
        ),
      findBroker: async ({ nodeId }: { nodeId: string }) => brokers[Number(nodeId) - 1],
    },
    eosManager: {
      isTransactional: () => false,
      acquireBrokerLock: ignore,
      releaseBrokerLock: ignore,
      getSequence: () => 0,
      updateSequence: ignore,
      getProducerId: () => -1,
      getProducerEpoch: () => 0,
    },
    retrier: async (attempt: (bail: () => void) => Promise<unknown>) => {
      try {
        return await attempt(ignore);
      } catch {
        return await attempt(ignore);
      }
    },
  });
  const messages = [0, 1].map((partition) => ({ partition, value: null }));
  const answered = await send({ acks: -1, timeout: 1, topicMessages: [{ topic: 't', messages }] });
  return logs[1]?.join() === '0,1' && answered.map(({ partition }) => partition).join() === '0,1';
}

function ignore(): void {}
