import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

export interface BrokerConnectionOptions {
  readonly clientId: string;
  /** For connecting and for each answer. */
  readonly timeoutMs: number;
  readonly ssl?: ConnectionOptions | boolean;
}

/** One connection to one broker, one request at a time. */
export interface BrokerConnection {
  /**
   * Sends a request and gives the bytes of the answer after its correlation id. `isFlexible` requests have a header with
   * (empty) tagged fields. Throws when the broker does not answer in time or hangs up.
   */
  request(api: { key: number; version: number; isFlexible: boolean }, body: Buffer): Promise<Buffer>;
  close(): void;
}

const LENGTH_BYTES = 4;
const CORRELATION_BYTES = 4;
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

export async function connectBroker(broker: string, options: BrokerConnectionOptions): Promise<BrokerConnection> {
  const socket = await openSocket(broker, options);
  let correlationId = 0;

  async function request(
    { key, version, isFlexible }: { key: number; version: number; isFlexible: boolean },
    body: Buffer,
  ): Promise<Buffer> {
    correlationId += 1;
    const clientId = Buffer.from(options.clientId);
    const header = Buffer.alloc(LENGTH_BYTES + 10);
    const tags = Buffer.alloc(isFlexible ? 1 : 0);
    header.writeInt32BE(header.length - LENGTH_BYTES + clientId.length + tags.length + body.length, 0);
    header.writeInt16BE(key, 4);
    header.writeInt16BE(version, 6);
    header.writeInt32BE(correlationId, 8);
    header.writeInt16BE(clientId.length, 12);
    socket.write(Buffer.concat([header, clientId, tags, body]));
    const response = await readResponse(socket, broker, options.timeoutMs);
    if (response.readInt32BE(0) !== correlationId) throw new Error(`broker ${broker} answered another request`);
    return response.subarray(CORRELATION_BYTES);
  }

  return { request, close: () => void socket.destroy() };
}

async function openSocket(broker: string, { ssl, timeoutMs }: BrokerConnectionOptions): Promise<Socket> {
  const colon = broker.lastIndexOf(':');
  const host = broker.slice(0, colon);
  const port = Number(broker.slice(colon + 1));
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket =
    ssl === undefined || ssl === false
      ? connectTcp({ host, port })
      : connectTls({ host, port, ...servername, ...(ssl === true ? {} : ssl) });
  const connected = ssl === undefined || ssl === false ? 'connect' : 'secureConnect';
  // An error after this promise is settled must not end the process; readers learn of it through `close`.
  socket.on('error', () => undefined);
  await settleOrDestroy(
    socket,
    `broker ${broker} took no connection within ${timeoutMs} ms`,
    timeoutMs,
    (resolve, reject) => {
      socket.once(connected, () => resolve(undefined));
      socket.once('error', reject);
    },
  );
  return socket;
}

async function readResponse(socket: Socket, broker: string, timeoutMs: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  const listeners: (() => void)[] = [];
  try {
    return await settleOrDestroy(
      socket,
      `broker ${broker} did not answer within ${timeoutMs} ms`,
      timeoutMs,
      (resolve, reject) => {
        const onData = (chunk: Buffer) => {
          chunks.push(chunk);
          length += chunk.length;
          if (length < LENGTH_BYTES) return;
          const bytes = Buffer.concat(chunks);
          const expected = bytes.readInt32BE(0);
          if (expected < CORRELATION_BYTES || expected > MAX_RESPONSE_BYTES) {
            reject(
              new Error(`broker ${broker} sent ${expected} as the length of an answer: not Kafka, or TLS is wanted`),
            );
          }
          chunks.splice(0, chunks.length, bytes);
          if (length >= LENGTH_BYTES + expected) resolve(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + expected));
        };
        const onClose = () => reject(new Error(`broker ${broker} closed the connection`));
        socket.on('data', onData);
        socket.once('close', onClose);
        listeners.push(
          () => socket.off('data', onData),
          () => socket.off('close', onClose),
        );
      },
    );
  } finally {
    for (const remove of listeners) remove();
  }
}

async function settleOrDestroy<Result>(
  socket: Socket,
  timeoutMessage: string,
  timeoutMs: number,
  start: (resolve: (result: Result) => void, reject: (error: Error) => void) => void,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Result>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(timeoutMessage)), timeoutMs);
      start(resolve, reject);
    });
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
