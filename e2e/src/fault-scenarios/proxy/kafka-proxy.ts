import { FIND_COORDINATOR, METADATA, replaceBrokerPorts } from './broker-addresses';
import { createFrameSplitter, type RequestHeader, readCorrelationId, readRequestHeader } from './frames';
import { type Interpret, startTcpProxy } from './tcp-proxy';
import { createWire, type Wire } from './wire';

/**
 * What becomes of a request. Where it or its reply is lost the connection ends too, as when a broker or the way to it
 * goes away. A delayed request lets those behind it pass.
 */
export type Fate = 'passes' | 'request lost' | 'reply lost' | { readonly delayMs: number };

export type DecideFate = (request: RequestHeader) => Fate;

export interface KafkaProxy extends Wire {
  /** host:port of each proxy, in the order of the brokers. */
  readonly brokers: readonly string[];
  /** From the next request on. */
  decideBy(decide: DecideFate): void;
  cutAll(): void;
  /** What it could not follow; each such connection was cut. Empty in a run that may be believed. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/**
 * A proxy in front of each broker of a cluster, for one client: replies that name brokers name the proxies, so the
 * client never learns of another way. Requests are told apart by their header.
 */
export async function startKafkaProxy(brokers: readonly string[]): Promise<KafkaProxy> {
  const wire = createWire();
  const complaints: string[] = [];
  const portOf = new Map<number, number>();
  let decide: DecideFate = () => 'passes';
  const interpret: Interpret = ({ toServer, toClient, cut }) => {
    const splitRequests = createFrameSplitter();
    const splitReplies = createFrameSplitter();
    const waiting = new Map<number, RequestHeader & { readonly isReplyLost: boolean }>();
    let isCut = false;
    const end = (): void => {
      isCut = true;
      cut();
    };
    const takeRequest = (frame: Buffer): void => {
      const request = readRequestHeader(frame);
      const fate = decide(request);
      if (fate === 'request lost') {
        end();
        return;
      }
      waiting.set(request.correlationId, { ...request, isReplyLost: fate === 'reply lost' });
      if (typeof fate === 'object') setTimeout(() => isCut || toServer(frame), fate.delayMs).unref();
      else toServer(frame);
    };
    const takeReply = (frame: Buffer): void => {
      const correlationId = readCorrelationId(frame);
      const request = waiting.get(correlationId);
      waiting.delete(correlationId);
      if (request?.isReplyLost === true) {
        end();
        return;
      }
      if (request?.apiKey === METADATA || request?.apiKey === FIND_COORDINATOR)
        replaceBrokerPorts(frame, request, (port) => portOf.get(port));
      toClient(frame);
    };
    const each = (frames: readonly Buffer[], take: (frame: Buffer) => void): void => {
      try {
        for (const frame of frames) if (!isCut) take(frame);
      } catch (error) {
        complaints.push(error instanceof Error ? error.message : String(error));
        end();
      }
    };
    return {
      fromClient: (bytes) => each(splitRequests(bytes), takeRequest),
      fromServer: (bytes) => each(splitReplies(bytes), takeReply),
    };
  };
  const proxies = await Promise.all(
    brokers.map(async (broker) => {
      const { hostname, port } = new URL(`kafka://${broker}`);
      const proxy = await startTcpProxy({ host: hostname, port: Number(port), interpret, wire });
      portOf.set(Number(port), proxy.port);
      return proxy;
    }),
  );
  return {
    delay: wire.delay,
    silence: wire.silence,
    heal: wire.heal,
    brokers: proxies.map(({ port }) => `127.0.0.1:${port}`),
    decideBy: (next) => {
      decide = next;
    },
    cutAll: () => {
      for (const proxy of proxies) proxy.cutAll();
    },
    complaints,
    close: async () => {
      await Promise.all(proxies.map((proxy) => proxy.close()));
    },
  };
}
