import { readPort } from '../cli/cli-settings';
import { serviceCommand } from './service-command';

/** One of our own services, as `npm start` runs it. */
export type ServiceDefinition = {
  readonly name: string;
  /** Arguments of Node.js. */
  readonly command: readonly string[];
  readonly port: number;
  readonly portVariable: string;
};

/** Ports come from STREAKS_INGEST_PORT, STREAKS_QUERY_API_PORT and STREAKS_PROCESSOR_PORT, else 3001, 3002 and 3003. */
export function listServices(
  root: string,
  env: NodeJS.ProcessEnv,
): { ingest: ServiceDefinition; queryApi: ServiceDefinition; processor: ServiceDefinition } {
  const define = (name: string, portVariable: string, defaultPort: number): ServiceDefinition => ({
    name,
    command: serviceCommand(root, name),
    port: readPort(env, portVariable, defaultPort),
    portVariable,
  });
  return {
    ingest: define('ingest', 'STREAKS_INGEST_PORT', 3001),
    queryApi: define('query-api', 'STREAKS_QUERY_API_PORT', 3002),
    processor: define('streak-processor', 'STREAKS_PROCESSOR_PORT', 3003),
  };
}

/** What a service finds in its environment: ours, the addresses of the servers and its port. */
export function serviceEnvironment(
  env: NodeJS.ProcessEnv,
  addresses: Record<string, string>,
  port: number,
): NodeJS.ProcessEnv {
  const brokers = addresses['KAFKA_BROKERS']?.split(',').length ?? 1;
  return { KAFKA_REPLICATION_FACTOR: brokers >= 3 ? '3' : '1', ...env, ...addresses, PORT: String(port) };
}
