import { isWorkerMessage, type PeerTopic, type WorkerMessage } from './worker-messages';

/** What a process of a service tells when any of them is asked about the whole. Values must survive JSON. */
export type PeerSources = { readonly [Topic in PeerTopic]: () => Promise<unknown> };

export type PeerAnswers = {
  /** Of the processes that answered in time, in no order. */
  readonly values: readonly unknown[];
  /** How many processes the service is meant to have. */
  readonly expected: number;
};

/** The processes of a service that runs as several (`HTTP_WORKERS`), seen from one of them. */
export type ServicePeers = {
  /** Gives what this process tells; call it once. */
  answerFrom(sources: PeerSources): void;
  /** Asks all processes, this one included. */
  ask(topic: PeerTopic): Promise<PeerAnswers>;
};

/** The part of `process` in a worker that is used; a test passes its own. */
export type WorkerChannel = {
  on(event: 'message', listener: (message: unknown) => void): unknown;
  send(message: WorkerMessage): void;
};

/** Longer than the primary waits for the slowest worker. */
const answerTimeoutMs = 3_000;

export function createServicePeers(channel: WorkerChannel): ServicePeers {
  const waiting = new Map<number, (answers: PeerAnswers) => void>();
  let sources: PeerSources | undefined;
  let lastId = 0;

  channel.on('message', (message) => {
    if (!isWorkerMessage(message)) return;
    if (message.streaks === 'answer') waiting.get(message.id)?.(message);
    else if (message.streaks === 'tell') void tell(message.id, message.topic);
  });

  async function tell(id: number, topic: PeerTopic): Promise<void> {
    // A source that fails is as one that does not answer: the primary goes on without it.
    const value = await sources?.[topic]().catch(() => undefined);
    if (value !== undefined) channel.send({ streaks: 'told', id, value });
  }

  return {
    answerFrom(given) {
      sources = given;
    },
    ask(topic) {
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(new Error(`no answer from the primary within ${answerTimeoutMs} ms`));
        }, answerTimeoutMs);
        waiting.set(id, (answers) => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve(answers);
        });
        channel.send({ streaks: 'ask', id, topic });
      });
    },
  };
}
