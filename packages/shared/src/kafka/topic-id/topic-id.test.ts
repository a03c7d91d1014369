import { createServer, type Server, type Socket } from 'node:net';
import { fetchTopicId, TopicMissingError } from './topic-id';

const TOPIC_ID = '0123456789abcdef0123456789abcdef';
const options = { topic: 'events', clientId: 'test', timeoutMs: 500 };
const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listen(onRequest: (socket: Socket, request: Buffer) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (request) => onRequest(socket, request));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

function compact(text: string): Buffer {
  return Buffer.from([text.length + 1, ...Buffer.from(text)]);
}

/** Two brokers, one with a rack, a tagged field, then the topic. */
function answer(errorCode: number): Buffer {
  const broker = (rack: Buffer, tags: number[]) =>
    Buffer.concat([Buffer.alloc(4), compact('host'), Buffer.alloc(4), rack, Buffer.from(tags)]);
  const body = Buffer.concat([
    Buffer.from([0, 0, 0, 1, 0]),
    Buffer.alloc(4),
    Buffer.from([3]),
    broker(compact('rack-a'), [0]),
    broker(Buffer.from([0]), [1, 5, 2, 0xff, 0xff]),
    compact('cluster'),
    Buffer.alloc(4),
    Buffer.from([2, 0, errorCode]),
    compact('events'),
    Buffer.from(TOPIC_ID, 'hex'),
    Buffer.from([0, 1]),
  ]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

it('reads the id past brokers, racks and tagged fields, however the answer is cut into packets', async () => {
  const bytes = answer(0);
  const broker = await listen((socket) => {
    socket.setNoDelay(true);
    for (const byte of bytes) socket.write(Buffer.from([byte]));
  });
  await expect(fetchTopicId({ ...options, brokers: [broker] })).resolves.toBe('01234567-89ab-cdef-0123-456789abcdef');
});

it('asks the next broker when one is away, silent, hangs up or does not speak Kafka', async () => {
  const silent = await listen(() => undefined);
  const closing = await listen((socket) => socket.destroy());
  const web = await listen((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const good = await listen((socket) => socket.write(answer(0)));
  const brokers = ['127.0.0.1:1', closing, web, silent, good];
  await expect(fetchTopicId({ ...options, brokers })).resolves.toMatch(/^01234567-/);
});

it('names each broker and its reason when none answers', async () => {
  const closing = await listen((socket) => socket.destroy());
  await expect(fetchTopicId({ ...options, brokers: ['127.0.0.1:1', closing] })).rejects.toThrow(
    /127\.0\.0\.1:1: .*ECONNREFUSED.*; .*closed the connection/,
  );
});

it('tells a missing topic from a broker that is away', async () => {
  const broker = await listen((socket) => socket.write(answer(3)));
  await expect(fetchTopicId({ ...options, brokers: [broker] })).rejects.toBeInstanceOf(TopicMissingError);
});

it('gives up on an answer that is shorter than its format', async () => {
  const cut = answer(0).subarray(0, 40);
  cut.writeInt32BE(36, 0);
  const broker = await listen((socket) => socket.write(cut));
  await expect(fetchTopicId({ ...options, brokers: [broker] })).rejects.toThrow(/shorter than its format/);
});
