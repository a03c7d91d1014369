import { createServer, type Server } from 'node:net';
import { assertPortFree, findPortHolder, formatCommandLine, parseListeningInodes, parseLsof } from './port-holder';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 4711 1 0000 100 0 0 10 0
   1: 0100007F:1538 0100007F:D0CE 01 00000000:00000000 00:00000000 00000000    33        0 4712 1 0000 20 4 30 10 -1
   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 99 1 0000 100 0 0 10 0`;

test('only listening sockets of that very port are taken from /proc/net/tcp', () => {
  expect(parseListeningInodes(TABLE, 5432)).toEqual(['4711']);
  expect(parseListeningInodes(TABLE, 80)).toEqual(['99']);
  expect(parseListeningInodes(TABLE, 8080)).toEqual([]);
});

test('lsof answers are read, and an empty one is no holder', () => {
  expect(parseLsof('p812\ncpostgres\nf7\n')).toEqual({ pid: 812, command: 'postgres' });
  expect(parseLsof('')).toBeNull();
});

test('a command line is made readable and short', () => {
  expect(formatCommandLine('postgres\0-D\0/data\0')).toBe('postgres -D /data');
  expect(formatCommandLine('x'.repeat(300))).toHaveLength(100);
});

describe('with a port that this process holds', () => {
  let server: Server;
  let port: number;
  beforeEach(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  test('the holder is found', () => {
    expect(findPortHolder(port)?.pid).toBe(process.pid);
  });

  test('the fault names the port, what it is for, the holder and the remedy', async () => {
    const fault = new RegExp(
      `^Port ${port}, needed for redis, is in use by process ${process.pid} \\(.+\\)\\. End it or set X\\.$`,
    );
    await expect(assertPortFree(port, 'redis', 'set X')).rejects.toThrow(fault);
  });
});
