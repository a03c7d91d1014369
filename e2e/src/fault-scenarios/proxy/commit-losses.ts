import { startTcpProxy, type TcpProxy } from './tcp-proxy';

export interface CommitLosses extends TcpProxy {
  /** The database through the proxy. */
  readonly url: string;
  /** The next COMMITs lose their connection: `reply` after the server got them, `request` before. */
  lose(what: 'reply' | 'request', times: number): void;
  lost(): number;
}

/** A proxy in front of Postgres that breaks connections at the worst moment. */
export async function startCommitLosses(databaseUrl: string): Promise<CommitLosses> {
  const target = new URL(databaseUrl);
  let what: 'reply' | 'request' = 'reply';
  let left = 0;
  let lost = 0;
  const proxy = await startTcpProxy({
    host: target.hostname,
    port: Number(target.port),
    interpret: ({ toServer, toClient, cut }) => {
      let isReplyLost = false;
      return {
        fromClient: (bytes) => {
          if (left > 0 && bytes.includes('COMMIT')) {
            left -= 1;
            lost += 1;
            if (what === 'request') {
              cut();
              return;
            }
            isReplyLost = true;
          }
          toServer(bytes);
        },
        fromServer: (bytes) => {
          if (isReplyLost) cut();
          else toClient(bytes);
        },
      };
    },
  });
  target.hostname = '127.0.0.1';
  target.port = String(proxy.port);
  return {
    ...proxy,
    url: target.toString(),
    lose: (kind, times) => {
      what = kind;
      left = times;
    },
    lost: () => lost,
  };
}
