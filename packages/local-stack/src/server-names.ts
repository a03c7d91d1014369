/** The four servers that the services need. */
export const SERVER_NAMES = ['kafka', 'registry', 'postgres', 'redis'] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

/** One operating system process of the stack; a cluster of three brokers has three of the Kafka kind. */
export type ProcessName = ServerName | 'kafka-2' | 'kafka-3';

/** TCP ports on 127.0.0.1. 0 asks for any free one. With three brokers Kafka takes this port and, 2 and 4 above it, those of the others; each broker's controller listens one above. */
export type ServerPorts = Readonly<Record<ServerName, number>>;

export const DEFAULT_PORTS: ServerPorts = { kafka: 9092, registry: 8081, postgres: 5432, redis: 6379 };
