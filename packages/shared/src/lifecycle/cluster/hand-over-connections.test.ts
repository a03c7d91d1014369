import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { handOverConnections } from './hand-over-connections';

/** A worker that was handed connections 1 and 2, took 1, and ended. */
async function endedWorker(hasOthers: boolean) {
  const child = Object.assign(new EventEmitter(), { send: (_message: object) => true });
  handOverConnections({ process: child }, () => hasOthers);
  for (const seq of [1, 2]) child.send({ cmd: 'NODE_CLUSTER', act: 'newconn', seq });
  child.send({ cmd: 'NODE_CLUSTER', act: 'disconnect', seq: 3 });
  child.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack: 1, accepted: true });
  const replies: unknown[] = [];
  child.on('internalMessage', (message) => replies.push(message));
  child.emit('exit');
  child.emit('disconnect');
  await turn();
  return replies;
}

describe('connections handed to a worker that ended', () => {
  it('are refused in its place, once, so that another worker gets them', async () => {
    expect(await endedWorker(true)).toEqual([{ cmd: 'NODE_CLUSTER', ack: 2, accepted: false }]);
  });

  it('are closed where there is no other worker', async () => {
    expect(await endedWorker(false)).toEqual([{ cmd: 'NODE_CLUSTER', ack: 2, accepted: true }]);
  });
});
