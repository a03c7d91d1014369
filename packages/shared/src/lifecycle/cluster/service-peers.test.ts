import { EventEmitter } from 'node:events';
import { createPeerQuestions, type PeerProcess } from './peer-questions';
import { createServicePeers, type PeerSources } from './service-peers';
import { isWorkerMessage } from './worker-messages';

/** Workers and a primary in one process, joined as by their channels. */
function createService(sources: readonly (PeerSources | undefined)[]) {
  const processes: PeerProcess[] = [];
  const questions = createPeerQuestions({
    workers: () => processes,
    expected: 3,
    own: async (topic) => (topic === 'metrics' ? ['primary'] : []),
    timeoutMs: 50,
  });
  const peers = sources.map((source) => {
    const toWorker = new EventEmitter();
    const process: PeerProcess = { send: (message) => toWorker.emit('message', JSON.parse(JSON.stringify(message))) };
    processes.push(process);
    const worker = createServicePeers({
      on: (event, listener) => toWorker.on(event, listener),
      send(message) {
        if (!isWorkerMessage(message)) return;
        if (message.streaks === 'ask') questions.ask(process, message.id, message.topic);
        if (message.streaks === 'told') questions.told(message.id, message.value);
      },
    });
    if (source !== undefined) worker.answerFrom(source);
    return worker;
  });
  return { peers };
}

const tells = (name: string): PeerSources => ({ checks: async () => ({ [name]: 'up' }), metrics: async () => name });

describe('the processes of one service', () => {
  it('tell any of them about all', async () => {
    const { peers } = createService([tells('a'), tells('b')]);
    expect(await peers[1]?.ask('checks')).toMatchObject({ values: [{ a: 'up' }, { b: 'up' }], expected: 3 });
    expect(await peers[0]?.ask('metrics')).toMatchObject({ values: ['a', 'b', 'primary'] });
  });

  it('go on without one that is starting, fails or hangs', async () => {
    const failing: PeerSources = { checks: () => Promise.reject(new Error('x')), metrics: () => new Promise(() => {}) };
    const { peers } = createService([tells('a'), undefined, failing]);
    expect(await peers[0]?.ask('checks')).toMatchObject({ values: [{ a: 'up' }], expected: 3 });
    expect(await peers[0]?.ask('metrics')).toMatchObject({ values: ['a', 'primary'] });
  });

  it('keep questions apart that are asked at once', async () => {
    const { peers } = createService([tells('a'), tells('b')]);
    const answers = await Promise.all(peers.flatMap((peer) => [peer.ask('checks'), peer.ask('metrics')]));
    expect(answers.map(({ values }) => values.length)).toEqual([2, 3, 2, 3]);
  });
});
