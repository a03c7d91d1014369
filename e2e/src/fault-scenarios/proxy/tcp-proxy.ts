import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createPipe, createWire, type Wire, type WireState } from './wire';

export interface TcpProxy extends Wire {
  readonly port: number;
  /** Ends every connection at once; new ones are taken. */
  cutAll(): void;
  close(): Promise<void>;
}

export interface Link {
  readonly toServer: (bytes: Buffer) => void;
  readonly toClient: (bytes: Buffer) => void;
  /** Ends both sides. */
  readonly cut: () => void;
}

/** What a proxy does with the bytes of one connection, each way; without it they pass. */
export type Interpret = (link: Link) => {
  readonly fromClient: (bytes: Buffer) => void;
  readonly fromServer: (bytes: Buffer) => void;
};

const PASS: Interpret = ({ toServer, toClient }) => ({ fromClient: toServer, fromServer: toClient });

export interface TcpProxyOptions {
  readonly host: string;
  readonly port: number;
  readonly interpret?: Interpret;
  /** Shared by the proxies of a cluster; one of its own when absent. */
  readonly wire?: WireState;
}

/** A port on the loopback that leads to another, over a wire that can fail. */
export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const { host, port, interpret = PASS, wire = createWire() } = options;
  const cuts = new Set<() => void>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host, port, noDelay: true });
    const up = createPipe(client, upstream, 'up', wire);
    const down = createPipe(upstream, client, 'down', wire);
    const cut = (): void => {
      up.close();
      down.close();
      client.destroy();
      upstream.destroy();
      cuts.delete(cut);
    };
    cuts.add(cut);
    const handlers = interpret({ toServer: up.push, toClient: down.push, cut });
    let open = 2;
    const closed = (pipe: typeof up): void => {
      open -= 1;
      if (open === 0) cut();
      else pipe.finish();
    };
    listenTo(client, handlers.fromClient, () => closed(up));
    listenTo(upstream, handlers.fromServer, () => closed(down));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const cutAll = (): void => {
    for (const cut of [...cuts]) cut();
  };
  return {
    delay: wire.delay,
    silence: wire.silence,
    heal: wire.heal,
    port: (server.address() as AddressInfo).port,
    cutAll,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      cutAll();
      await closed;
    },
  };
}

function listenTo(socket: Socket, onBytes: (bytes: Buffer) => void, onClose: () => void): void {
  socket.on('data', onBytes);
  socket.on('error', () => undefined);
  socket.on('close', onClose);
}

/** A proxy in front of the server that a URL names, and the URL through it. */
export async function startUrlProxy(url: string): Promise<TcpProxy & { readonly url: string }> {
  const target = new URL(url);
  const proxy = await startTcpProxy({ host: target.hostname, port: Number(target.port) });
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(proxy.port);
  return { ...proxy, url: through.toString() };
}
