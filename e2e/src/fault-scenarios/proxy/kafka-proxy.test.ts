import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { waitFor } from '@streaks/testing/wait-for';
import { createRandom } from '../../load/random';
import { createFrameSplitter, readCorrelationId } from './frames';
import { type KafkaProxy, startKafkaProxy } from './kafka-proxy';
import { API_KEYS, createLossPlan } from './loss-plan';

const request = (apiKey: number, correlationId: number): Buffer => {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32BE(12, 0);
  bytes.writeInt16BE(apiKey, 4);
  bytes.writeInt32BE(correlationId, 8);
  bytes.writeInt16BE(2, 12);
  return bytes;
};

/** Answers each request with its number and notes what it got. */
function startBroker() {
  const received: number[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    const split = createFrameSplitter();
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      for (const frame of split(bytes)) {
        const correlationId = frame.readInt32BE(8);
        received.push(correlationId);
        const reply = Buffer.alloc(8);
        reply.writeInt32BE(4, 0);
        reply.writeInt32BE(correlationId, 4);
        socket.write(reply);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  return { server, received, port: () => (server.address() as AddressInfo).port, sockets };
}

describe('startKafkaProxy', () => {
  const broker = startBroker();
  beforeAll(() => once(broker.server, 'listening'));
  let proxy: KafkaProxy;
  const clients: Socket[] = [];

  beforeEach(async () => {
    broker.received.length = 0;
    proxy = await startKafkaProxy([`127.0.0.1:${broker.port()}`]);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await proxy.close();
  });
  afterAll(async () => {
    for (const socket of broker.sockets) socket.destroy();
    broker.server.close();
    await once(broker.server, 'close');
  });

  const openClient = async () => {
    const [host = '', port = ''] = proxy.brokers[0]?.split(':') ?? [];
    const client = connect(Number(port), host);
    clients.push(client);
    const replies: number[] = [];
    let isClosed = false;
    const split = createFrameSplitter();
    client.on('data', (bytes) => replies.push(...split(bytes).map(readCorrelationId)));
    client.on('error', () => undefined);
    client.on('close', () => {
      isClosed = true;
    });
    await once(client, 'connect');
    return { client, replies, isClosed: () => isClosed };
  };
  const until = (condition: () => boolean, description: string) => waitFor(condition, { description });

  it('takes requests and replies through', async () => {
    const { client, replies } = await openClient();
    client.write(Buffer.concat([request(0, 1), request(1, 2), request(3 + 100, 3)]));
    await until(() => replies.length === 3, 'three replies');
    expect(replies).toEqual([1, 2, 3]);
    expect(proxy.complaints).toEqual([]);
  });

  it('loses a reply after the broker got the request, and ends the connection', async () => {
    proxy.decideBy(({ apiKey }) => (apiKey === API_KEYS.EndTxn ? 'reply lost' : 'passes'));
    const { client, replies, isClosed } = await openClient();
    client.write(Buffer.concat([request(API_KEYS.Produce, 1), request(API_KEYS.EndTxn, 2)]));
    await until(isClosed, 'the connection to end');
    expect(replies).toEqual([1]);
    expect(broker.received).toEqual([1, 2]);
  });

  it('loses a request before the broker gets it', async () => {
    proxy.decideBy(({ apiKey }) => (apiKey === API_KEYS.EndTxn ? 'request lost' : 'passes'));
    const { client, isClosed } = await openClient();
    client.write(request(API_KEYS.EndTxn, 2));
    await until(isClosed, 'the connection to end');
    expect(broker.received).toEqual([]);
  });

  it('delays one kind of request while others pass it', async () => {
    proxy.decideBy(({ apiKey }) => (apiKey === API_KEYS.Heartbeat ? { delayMs: 50 } : 'passes'));
    const { client, replies } = await openClient();
    client.write(Buffer.concat([request(API_KEYS.Heartbeat, 1), request(API_KEYS.Produce, 2)]));
    await until(() => replies.length === 2, 'both replies');
    expect(replies).toEqual([2, 1]);
  });

  it('is silent one way while the other is open, and delivers what was held back', async () => {
    const { client, replies, isClosed } = await openClient();
    proxy.silence('down');
    client.write(request(0, 1));
    await until(() => broker.received.length === 1, 'the broker to get the request');
    expect(replies).toEqual([]);
    proxy.heal();
    await until(() => replies.length === 1, 'the reply');
    proxy.silence('up');
    client.write(request(0, 2));
    client.end();
    const other = await openClient();
    other.client.write(request(0, 3));
    proxy.heal();
    await until(() => broker.received.length === 3 && isClosed(), 'what was sent, and the end, to arrive');
  });

  it('delays both ways and keeps the order', async () => {
    proxy.delay(30);
    const { client, replies } = await openClient();
    const startedMs = performance.now();
    for (let n = 1; n <= 20; n += 1) client.write(request(0, n));
    await until(() => replies.length === 20, 'all replies');
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(58);
    expect(replies).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  });
});

describe('createLossPlan', () => {
  it('loses the share asked for, of the kinds asked for, both ways, until it is stopped', () => {
    const plan = createLossPlan({ random: createRandom(5), share: 0.25, apis: ['EndTxn'] });
    const decide = (apiKey: number) => plan.decide({ apiKey, apiVersion: 0, correlationId: 0, clientId: '' });
    const fates = Array.from({ length: 1_000 }, () => decide(API_KEYS.EndTxn));
    expect(new Set(fates)).toEqual(new Set(['passes', 'request lost', 'reply lost']));
    expect(decide(API_KEYS.Produce)).toBe('passes');
    plan.stop();
    const decided = fates.filter((fate) => fate !== 'passes').length;
    expect(decided / 1_000).toBeCloseTo(0.25, 1);
    const counted = [...plan.losses.values()].reduce((sum, count) => sum + count, 0);
    expect(counted).toBe(decided);
    expect(Array.from({ length: 100 }, () => decide(API_KEYS.EndTxn))).toEqual(Array(100).fill('passes'));
  });
});
