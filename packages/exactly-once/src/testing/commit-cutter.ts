import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CommitCutter {
  /** A database URL through this proxy. */
  readonly url: string;
  /** The next COMMITs lose their connection: `reply` after the server got it, `request` before. */
  cut(what: 'reply' | 'request', times: number): void;
  readonly cuts: number;
  close(): Promise<void>;
}

/** A proxy in front of Postgres that drops connections at COMMIT, as a broken network does at the worst moment. */
export async function createCommitCutter(databaseUrl: string): Promise<CommitCutter> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let left = 0;
  let what: 'reply' | 'request' = 'reply';
  let cuts = 0;

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    let isCut = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (data) => {
      if (left > 0 && data.includes('COMMIT')) {
        left--;
        cuts++;
        isCut = true;
        if (what === 'request') {
          client.destroy();
          upstream.destroy();
          return;
        }
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (!isCut) {
        client.write(data);
        return;
      }
      client.destroy(); // the server has answered, and nobody hears it
      upstream.destroy();
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.toString(),
    cut(kind, times) {
      what = kind;
      left = times;
    },
    get cuts() {
      return cuts;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
