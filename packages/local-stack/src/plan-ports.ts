import { findFreePorts } from './processes/free-ports';
import { DEFAULT_PORTS, type ServerName, type ServerPorts } from './server-names';
import type { BrokerPorts } from './servers/kafka-properties';

export type PortPlan = {
  readonly brokers: readonly BrokerPorts[];
  readonly registry: number;
  readonly postgres: number;
  readonly redis: number;
  /** All of them with the server each is for. */
  readonly listed: readonly { readonly server: ServerName; readonly port: number }[];
};

/** Settles every port: those given, the defaults, and free ones where 0 was asked for. */
export async function planPorts(asked: Partial<ServerPorts>, brokers: number, random: () => number): Promise<PortPlan> {
  const wanted: ServerPorts = { ...DEFAULT_PORTS, ...asked };
  const free = await findFreePorts(brokers * 2 + 3, random);
  const take = (port: number): number => (port === 0 ? (free.pop() ?? 0) : port);
  const brokerPorts = Array.from({ length: brokers }, (_, index) => ({
    broker: take(wanted.kafka === 0 ? 0 : wanted.kafka + 2 * index),
    controller: take(wanted.kafka === 0 ? 0 : wanted.kafka + 2 * index + 1),
  }));
  const [registry, postgres, redis] = [take(wanted.registry), take(wanted.postgres), take(wanted.redis)];
  return {
    brokers: brokerPorts,
    registry,
    postgres,
    redis,
    listed: [
      ...brokerPorts
        .flatMap(({ broker, controller }) => [broker, controller])
        .map((port) => ({ server: 'kafka' as const, port })),
      { server: 'registry', port: registry },
      { server: 'postgres', port: postgres },
      { server: 'redis', port: redis },
    ],
  };
}
