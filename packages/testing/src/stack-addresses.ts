/** Where the servers of this run are, under the names of the settings of the services. */
export interface StackAddresses {
  readonly KAFKA_BROKERS: string;
  readonly SCHEMA_REGISTRY_URL: string;
  readonly DATABASE_URL: string;
  readonly REDIS_URL: string;
}

/** The addresses that the global set-up of Jest (or the caller's shell) put into the environment. */
export function stackAddresses(env: NodeJS.ProcessEnv = process.env): StackAddresses {
  const read = (name: keyof StackAddresses): string => {
    const value = env[name];
    if (value === undefined || value === '') {
      throw new Error(`${name} is not set: tests on servers are started by npm test, or with .local/stack.env loaded`);
    }
    return value;
  };
  return {
    KAFKA_BROKERS: read('KAFKA_BROKERS'),
    SCHEMA_REGISTRY_URL: read('SCHEMA_REGISTRY_URL'),
    DATABASE_URL: read('DATABASE_URL'),
    REDIS_URL: read('REDIS_URL'),
  };
}

export function kafkaBrokers(addresses: Pick<StackAddresses, 'KAFKA_BROKERS'>): string[] {
  return addresses.KAFKA_BROKERS.split(',').map((broker) => broker.trim());
}
