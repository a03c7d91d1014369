import type { PeerTopic, WorkerMessage } from './worker-messages';

/** A worker as the primary talks to it. */
export type PeerProcess = { send(message: WorkerMessage): void };

export type PeerQuestionsOptions = {
  /** Those that can answer now. */
  readonly workers: () => readonly PeerProcess[];
  readonly expected: number;
  /** What the primary itself adds to the answers about a topic. */
  readonly own: (topic: PeerTopic) => Promise<readonly unknown[]>;
  /** A worker without an answer after this long is left out. */
  readonly timeoutMs: number;
};

export type PeerQuestions = {
  /** Passes a worker's question on to all of them, and the answers back to it. */
  ask(asker: PeerProcess, askersId: number, topic: PeerTopic): void;
  /** Takes one worker's answer. */
  told(id: number, value: unknown): void;
};

/** The primary's part in `ServicePeers`: it alone can reach every worker. */
export function createPeerQuestions({ workers, expected, own, timeoutMs }: PeerQuestionsOptions): PeerQuestions {
  const open = new Map<number, (value: unknown) => void>();
  let lastId = 0;

  function collect(topic: PeerTopic): Promise<readonly unknown[]> {
    lastId += 1;
    const id = lastId;
    const asked = workers();
    const values: unknown[] = [];
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        open.delete(id);
        resolve(values);
      };
      const timer = setTimeout(finish, timeoutMs);
      open.set(id, (value) => {
        values.push(value);
        if (values.length === asked.length) finish();
      });
      for (const worker of asked) worker.send({ streaks: 'tell', id, topic });
    });
  }

  return {
    ask(asker, askersId, topic) {
      void Promise.all([collect(topic), own(topic)]).then(([told, added]) =>
        asker.send({ streaks: 'answer', id: askersId, values: [...told, ...added], expected }),
      );
    },
    told(id, value) {
      open.get(id)?.(value);
    },
  };
}
