import { createServer, type Server } from 'node:net';

/** Below the range from which systems give ports to outgoing connections: a server that is killed and started again must find its port still free. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** `count` free TCP ports on 127.0.0.1. `random` gives numbers from 0 up to 1. */
export async function findFreePorts(count: number, random: () => number): Promise<number[]> {
  const held: Server[] = [];
  const ports: number[] = [];
  try {
    while (ports.length < count) {
      const port = LOWEST + Math.floor(random() * (HIGHEST - LOWEST));
      const server = ports.includes(port) ? null : await tryListen(port);
      if (server === null) continue;
      held.push(server);
      ports.push(port);
    }
    return ports;
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** A listener on the port, or null when another process has it. */
export function tryListen(port: number): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}
