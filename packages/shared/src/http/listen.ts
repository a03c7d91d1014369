import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { DRAINING } from './standard-headers';

export type ListenOptions = {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Allows an address that other machines can reach although there is no authentication. */
  readonly insecure: boolean;
};

export type HttpListener = {
  readonly port: number;
  /**
   * Stops accepting, lets requests at hand finish for at most `deadlineMs`, then cuts what is left. A request that still
   * comes in on an open connection is answered 503 `STREAKS_SHUTTING_DOWN`; every answer ends its connection.
   */
  close(deadlineMs: number): Promise<void>;
};

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;
/** How often connections that fell idle during a shutdown are closed. */
const idleSweepMs = 20;

/** @throws Error with one clear line: an address not allowed, a port in use, a host that is not here. */
export async function listen(
  app: Express | RequestListener,
  { host, port, insecure }: ListenOptions,
): Promise<HttpListener> {
  if (!insecure && !loopback.test(host)) {
    throw new Error(
      `HOST=${host} can be reached from other machines and authentication is off: set STREAKS_INSECURE=1 to allow it`,
    );
  }
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(explain(error, host, port))));
    server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close(deadlineMs) {
      if ('enable' in app) app.enable(DRAINING);
      return closeServer(server, deadlineMs);
    },
  };
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') return `port ${port} on ${host} is in use by another process`;
  if (error.code === 'EACCES') return `port ${port} on ${host} needs rights this process does not have`;
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return `HOST=${host} is not an address of this machine`;
  return error.message;
}

function closeServer(server: Server, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    // A kept-alive connection whose last request ended after close() began would hold the server open.
    const sweep = setInterval(() => server.closeIdleConnections(), idleSweepMs);
    const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(deadline);
      resolve();
    });
  });
}
