import type { ServerName } from './server-names';

/** Where the four servers answer. `kafkaBrokers` is a comma separated list of host:port. */
export type StackAddresses = {
  readonly kafkaBrokers: string;
  readonly schemaRegistryUrl: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
};

const VARIABLES = {
  kafka: ['KAFKA_BROKERS', 'kafkaBrokers'],
  registry: ['SCHEMA_REGISTRY_URL', 'schemaRegistryUrl'],
  postgres: ['DATABASE_URL', 'databaseUrl'],
  redis: ['REDIS_URL', 'redisUrl'],
} as const satisfies Record<ServerName, readonly [string, keyof StackAddresses]>;

/** The environment variable that names the address of a server. */
export function addressVariable(server: ServerName): string {
  return VARIABLES[server][0];
}

/** The addresses as the environment variables that every service reads. An address of a server that is not there is the empty string and is left out. */
export function addressesToEnvironment(addresses: StackAddresses): Record<string, string> {
  const entries = Object.values(VARIABLES).map(([variable, field]) => [variable, addresses[field]] as const);
  return Object.fromEntries(entries.filter(([, address]) => address !== ''));
}

/** Addresses that the environment gives; a server missing here has to be started. */
export function addressesFromEnvironment(env: NodeJS.ProcessEnv): Partial<StackAddresses> {
  const entries = Object.values(VARIABLES).map(([variable, field]) => [field, env[variable]?.trim()] as const);
  return Object.fromEntries(entries.filter(([, address]) => address !== undefined && address !== ''));
}

/** The address in `addresses` of one server, or undefined. */
export function addressOf(addresses: Partial<StackAddresses>, server: ServerName): string | undefined {
  return addresses[VARIABLES[server][1]];
}

/** One address under its field's name, to be merged into the others. */
export function addressEntry(server: ServerName, address: string): Partial<StackAddresses> {
  return { [VARIABLES[server][1]]: address };
}

/** Text of a `stack.env` file: `export NAME='value'` lines that a POSIX shell can source. */
export function formatStackEnv(addresses: StackAddresses): string {
  const lines = Object.entries(addressesToEnvironment(addresses)).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`,
  );
  return `${lines.join('\n')}\n`;
}

/** Reads a `stack.env` file back. Lines that are not ours are passed over. */
export function parseStackEnv(text: string): Partial<StackAddresses> {
  const env: NodeJS.ProcessEnv = {};
  for (const line of text.split('\n')) {
    const [, name, value] = /^export ([A-Z_]+)='(.*)'$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) env[name] = value.replaceAll(`'\\''`, "'");
  }
  return addressesFromEnvironment(env);
}

/** Servers without an address get the empty text. */
export function withBlanks(addresses: Partial<StackAddresses>): StackAddresses {
  return { kafkaBrokers: '', schemaRegistryUrl: '', databaseUrl: '', redisUrl: '', ...addresses };
}
