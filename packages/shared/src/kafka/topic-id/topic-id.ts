import { type BrokerConnectionOptions, connectBroker } from './broker-connection';
import { METADATA_API, metadataRequest, readTopicId } from './metadata-message';
import { authenticatePlain, type SaslPlain } from './sasl-plain';

export interface FetchTopicIdOptions extends BrokerConnectionOptions {
  /** host:port; asked one after the other until one answers. */
  readonly brokers: readonly string[];
  readonly topic: string;
  /** Limit: of the SASL mechanisms only PLAIN is spoken here (kafkajs itself has more, but cannot ask for topic ids). */
  readonly sasl?: SaslPlain;
}

/** Brokers answered, and the topic is not there. */
export class TopicMissingError extends Error {
  constructor(readonly topic: string) {
    super(`topic ${topic} does not exist`);
    this.name = 'TopicMissingError';
  }
}

const UNKNOWN_TOPIC_OR_PARTITION = 3;

/**
 * The UUID of a topic (lower case, with hyphens). It changes when a topic is deleted and created again, which kafkajs
 * cannot see: its requests name topics, so offsets of the old one would be used for the new one. Throws
 * TopicMissingError, or an Error that says for each broker why it did not answer.
 */
export async function fetchTopicId(options: FetchTopicIdOptions): Promise<string> {
  const failures: string[] = [];
  let isMissing = false;
  for (const broker of options.brokers) {
    try {
      const answer = await askBroker(broker, options);
      if ('topicId' in answer) return answer.topicId;
      // A broker that has just started may not know it yet, so the others are asked too.
      isMissing ||= answer.errorCode === UNKNOWN_TOPIC_OR_PARTITION;
      failures.push(`${broker}: Kafka error ${answer.errorCode}`);
    } catch (error) {
      failures.push(`${broker}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (isMissing) throw new TopicMissingError(options.topic);
  throw new Error(`no broker told the id of topic ${options.topic} (${failures.join('; ')})`);
}

async function askBroker(broker: string, options: FetchTopicIdOptions) {
  const connection = await connectBroker(broker, options);
  try {
    if (options.sasl !== undefined) await authenticatePlain(connection, options.sasl);
    return readTopicId(await connection.request(METADATA_API, metadataRequest(options.topic)), options.topic);
  } finally {
    connection.close();
  }
}
