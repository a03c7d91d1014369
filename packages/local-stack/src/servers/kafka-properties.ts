export type BrokerPorts = { readonly broker: number; readonly controller: number };

/** Broker and controller in one process. Replication follows the number of brokers; with three, one may be lost without losing acknowledged records. */
export function kafkaProperties(options: {
  nodeId: number;
  ports: readonly BrokerPorts[];
  dataFolder: string;
}): string {
  const { nodeId, ports, dataFolder } = options;
  const own = ports[nodeId - 1];
  if (own === undefined) throw new RangeError(`no ports for broker ${nodeId}`);
  const replicas = ports.length;
  const inSync = replicas === 1 ? 1 : 2;
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': nodeId,
    'controller.quorum.voters': ports.map(({ controller }, index) => `${index + 1}@127.0.0.1:${controller}`).join(),
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${own.broker},CONTROLLER://127.0.0.1:${own.controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${own.broker}`,
    'log.dirs': dataFolder,
    // Topics are created by the services alone, with the settings they need.
    'auto.create.topics.enable': false,
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 8,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    // One machine, few clients.
    'num.io.threads': 4,
    'num.network.threads': 2,
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    'log.segment.bytes': 256 * 1024 * 1024,
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}

export const LOG4J_PROPERTIES = `status=error
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %p %m (%c{1})%n%throwable
logger.config.name=org.apache.kafka.common.config.AbstractConfig
logger.config.level=warn
rootLogger.level=info
rootLogger.appenderRef.console.ref=console
`;
