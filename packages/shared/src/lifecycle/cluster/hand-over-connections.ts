import type { EventEmitter } from 'node:events';

/** What Node.js sends a worker with a connection, and what the worker answers (`internal/cluster`). */
type ClusterMessage = {
  readonly cmd?: unknown;
  readonly act?: unknown;
  readonly seq?: unknown;
  readonly ack?: unknown;
};

/** The part of a `cluster.Worker` that is used. */
export type HandedWorker = { readonly process: EventEmitter & { send?: (...message: never[]) => boolean } };

const CLUSTER_COMMAND = 'NODE_CLUSTER';

/**
 * Node.js hands each connection to a worker and keeps it until the worker says that it took it. A worker that dies in
 * between never says so, and the connection stays open with nobody behind it: its client hangs. Here the refusal is given
 * in the dead worker's place, so that Node.js hands the connection to another one; without another one it is closed.
 */
export function handOverConnections(worker: HandedWorker, hasOthers: () => boolean): void {
  const child = worker.process;
  const open = new Set<unknown>();
  const { send } = child;
  Object.defineProperty(child, 'send', {
    value(this: unknown, message: ClusterMessage, ...rest: unknown[]) {
      if (message.cmd === CLUSTER_COMMAND && message.act === 'newconn') open.add(message.seq);
      return send === undefined ? false : Reflect.apply(send, child, [message, ...rest]);
    },
  });
  child.on('internalMessage', ({ cmd, ack }: ClusterMessage) => {
    if (cmd === CLUSTER_COMMAND) open.delete(ack);
  });
  const refuseOpen = (): void => {
    for (const ack of open)
      child.emit('internalMessage', { cmd: CLUSTER_COMMAND, ack, accepted: !hasOthers() }, undefined);
  };
  // After Node.js' own listeners, which take the worker out of those that get connections.
  for (const event of ['exit', 'disconnect']) child.once(event, () => setImmediate(refuseOpen));
}
