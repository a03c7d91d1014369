import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { Type, types } from 'avsc';
import { checkCollections, hasCollections } from './avro-collections';

/** How values of one schema id are read; `unreadable` ones are dead letters of the reason given. */
export type SchemaReader<Contract> =
  | {
      readonly kind: 'readable';
      /** What is known here of the record that the schema names. */
      readonly contract: Contract;
      readonly read: (payload: Buffer) => unknown;
      readonly readBytes: (payload: Buffer) => unknown;
    }
  | UnreadableSchema;

interface UnreadableSchema {
  readonly kind: 'unreadable';
  readonly reason: 'UNKNOWN_SCHEMA' | 'INCOMPATIBLE_SCHEMA' | 'UNSUPPORTED_TYPE';
  readonly detail: string;
}

/** What records of a name are read as, their texts as strings and as bytes (the latter to find out about invalid UTF-8). */
export interface ReaderTypes {
  readonly readerType: Type;
  readonly bytesReaderType: Type;
}

/** The registry did not answer; no fault of the data. Wait and ask again. */
export class RegistryUnavailableError extends Error {
  readonly retriable = true;

  constructor(schemaId: number, cause: unknown) {
    super(
      `schema registry did not give schema ${schemaId}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
    this.name = 'RegistryUnavailableError';
  }
}

export interface SchemaReadersOptions<Contract> {
  readonly registry: Pick<SchemaRegistry, 'getSchema'>;
  /** By their names without a namespace. */
  readonly contracts: ReadonlyMap<string, Contract>;
  /** Monotonic or wall time in milliseconds; only differences count. */
  readonly now: () => number;
  readonly registryTimeoutMs: number;
  /** For how long an id that the registry does not know is not asked for again. */
  readonly unknownSchemaTtlMs: number;
  /** Ids kept per generation; two generations are kept. Bounds memory when someone sends random ids. */
  readonly maxUnknownSchemas: number;
}

export interface SchemaReaders<Contract> {
  /** Undefined for an id that was never loaded. */
  find(schemaId: number): SchemaReader<Contract> | undefined;
  /** Loads what is not known yet. Throws RegistryUnavailableError. */
  load(schemaIds: Iterable<number>): Promise<void>;
}

const CONCURRENT_REQUESTS = 8;
const NOT_FOUND = 404;

/** Readers by schema id, each made once; ids that the registry does not know are remembered for a while. */
export function createSchemaReaders<Contract extends ReaderTypes>(
  options: SchemaReadersOptions<Contract>,
): SchemaReaders<Contract> {
  const { now, unknownSchemaTtlMs, maxUnknownSchemas } = options;
  const known = new Map<number, SchemaReader<Contract>>();
  const loading = new Map<number, Promise<void>>();
  // Two generations, so that what a batch has just learned is not forgotten before the batch is decoded.
  let unknown = new Map<number, { readonly reader: UnreadableSchema; readonly untilMs: number }>();
  let olderUnknown: typeof unknown = new Map();

  function find(schemaId: number): SchemaReader<Contract> | undefined {
    // An entry that ran out while its batch was decoded still tells the truth of a moment ago.
    return known.get(schemaId) ?? unknown.get(schemaId)?.reader ?? olderUnknown.get(schemaId)?.reader;
  }

  function isFresh(schemaId: number): boolean {
    const entry = unknown.get(schemaId) ?? olderUnknown.get(schemaId);
    return known.has(schemaId) || (entry !== undefined && entry.untilMs > now());
  }

  function rememberUnknown(schemaId: number, reader: UnreadableSchema): void {
    if (unknown.size >= maxUnknownSchemas) {
      olderUnknown = unknown;
      unknown = new Map();
    }
    unknown.set(schemaId, { reader, untilMs: now() + unknownSchemaTtlMs });
  }

  async function loadOne(schemaId: number): Promise<void> {
    // Random bytes read as an id are often negative: no registry gives such ids, so none is asked.
    if (schemaId <= 0) {
      rememberUnknown(schemaId, unreadable('UNKNOWN_SCHEMA', `schema id ${schemaId} cannot exist`));
      return;
    }
    const found = await fetchSchema(options, schemaId);
    if (found === undefined) {
      rememberUnknown(schemaId, unreadable('UNKNOWN_SCHEMA', `the schema registry has no schema ${schemaId}`));
      return;
    }
    known.set(
      schemaId,
      found instanceof Error ? unreadable('INCOMPATIBLE_SCHEMA', found.message) : readerFor(options, found),
    );
    unknown.delete(schemaId);
    olderUnknown.delete(schemaId);
  }

  function loadOnce(schemaId: number): Promise<void> {
    const running = loading.get(schemaId);
    if (running !== undefined) return running;
    const started = loadOne(schemaId).finally(() => loading.delete(schemaId));
    loading.set(schemaId, started);
    return started;
  }

  return {
    find,
    async load(schemaIds) {
      const missing = [...schemaIds].filter((schemaId) => !isFresh(schemaId));
      for (let start = 0; start < missing.length; start += CONCURRENT_REQUESTS) {
        await Promise.all(missing.slice(start, start + CONCURRENT_REQUESTS).map(loadOnce));
      }
    },
  };
}

function unreadable(reason: UnreadableSchema['reason'], detail: string): UnreadableSchema {
  return { kind: 'unreadable', reason, detail };
}

/** The writer's schema, undefined if there is none of that id, an Error if the registry's answer is no Avro schema. */
async function fetchSchema(
  { registry, registryTimeoutMs }: Pick<SchemaReadersOptions<never>, 'registry' | 'registryTimeoutMs'>,
  schemaId: number,
): Promise<unknown | Error | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RegistryUnavailableError(schemaId, 'no answer in time')), registryTimeoutMs);
  });
  try {
    return await Promise.race([registry.getSchema(schemaId), timeout]);
  } catch (error) {
    if (error instanceof RegistryUnavailableError) throw error;
    const status = responseStatus(error);
    if (status === NOT_FOUND) return undefined;
    // An error without a status did not come from the network: the schema was received and could not be parsed.
    if (status === undefined && error instanceof Error) return new Error(`schema ${schemaId}: ${error.message}`);
    throw new RegistryUnavailableError(schemaId, error);
  } finally {
    clearTimeout(timer);
  }
}

function responseStatus(error: unknown): number | undefined {
  const isObject = typeof error === 'object' && error !== null;
  return isObject && 'status' in error && typeof error.status === 'number' ? error.status : undefined;
}

function readerFor<Contract extends ReaderTypes>(
  { contracts }: Pick<SchemaReadersOptions<Contract>, 'contracts'>,
  writer: unknown,
): SchemaReader<Contract> {
  if (!isAvroType(writer)) return unreadable('INCOMPATIBLE_SCHEMA', 'not an Avro schema');
  if (writer.typeName !== 'record')
    return unreadable('INCOMPATIBLE_SCHEMA', `an Avro ${writer.typeName}, not a record`);
  const contract = contracts.get(unqualified(writer.name) ?? '');
  if (contract === undefined) {
    return unreadable('UNSUPPORTED_TYPE', `records of type ${writer.name ?? '(anonymous)'} are not read here`);
  }
  const { readerType, bytesReaderType } = contract;
  try {
    const resolver = readerType.createResolver(writer, { ignoreNamespaces: true });
    const bytesResolver = bytesReaderType.createResolver(writer, { ignoreNamespaces: true });
    const read = (payload: Buffer): unknown => readerType.fromBuffer(payload, resolver);
    const checkAndRead = (payload: Buffer): unknown => {
      checkCollections(writer, payload);
      return read(payload);
    };
    return {
      kind: 'readable',
      contract,
      read: hasCollections(writer) ? checkAndRead : read,
      readBytes: (payload) => bytesReaderType.fromBuffer(payload, bytesResolver),
    };
  } catch (error) {
    return unreadable('INCOMPATIBLE_SCHEMA', error instanceof Error ? error.message : String(error));
  }
}

function isAvroType(value: unknown): value is types.RecordType {
  return typeof value === 'object' && value !== null && 'createResolver' in value && 'typeName' in value;
}

function unqualified(name: string | undefined): string | undefined {
  return name?.slice(name.lastIndexOf('.') + 1);
}
