import cluster, { type Worker } from 'node:cluster';
import type { Registry } from 'prom-client';
import { Counter } from 'prom-client';
import type { Logger } from '../../observability/create-logger';
import { handOverConnections } from './hand-over-connections';
import { createPeerQuestions, type PeerProcess } from './peer-questions';
import { isWorkerMessage, type WorkerMessage } from './worker-messages';
import { workerRestartDelayMs } from './worker-restart-delay';

export type SuperviseOptions = {
  readonly count: number;
  readonly logger: Logger;
  /** The primary's own, shown with those of the workers. */
  readonly registry: Registry;
  /** A worker did not end well although it was told to stop. */
  readonly onBadEnd: (error: Error) => void;
};

export type WorkerSupervisor = {
  /**
   * Starts one worker, and the others when it takes requests.
   *
   * @throws Error with the line of the worker that cannot start: all would fail alike, so none is tried again.
   */
  start(): Promise<void>;
  /** Tells all to end as on SIGTERM and waits until they have. */
  stop(): Promise<void>;
  /** Ends all at once. */
  kill(): void;
};

type Supervised = { readonly worker: Worker; isStarted: boolean; lastLine: string };

const peerTimeoutMs = 2_000;

/** Keeps `count` workers of this very program running: one that ends is started again, ever more patiently. */
export function superviseWorkers({ count, logger, registry, onBadEnd }: SuperviseOptions): WorkerSupervisor {
  const running = new Map<number, Supervised>();
  const timers = new Set<NodeJS.Timeout>();
  let isStopping = false;
  let onEmpty: (() => void) | undefined;
  const restarts = new Counter({
    name: 'streaks_http_worker_restarts_total',
    help: 'Workers that ended by themselves and were started again. Any rise is a crash: the log has worker_ended with its exit code.',
    registers: [registry],
  });
  const questions = createPeerQuestions({
    workers: () => [...running.values()].filter(({ isStarted }) => isStarted).map(({ worker }) => peerOf(worker)),
    expected: count,
    own: async (topic) => (topic === 'metrics' ? [await registry.getMetricsAsJSON()] : []),
    timeoutMs: peerTimeoutMs,
  });

  /** Resolves when the worker takes requests, or with why it ended before. */
  function launch(previousDelayMs: number): Promise<Error | undefined> {
    const launchedMs = performance.now();
    const worker = cluster.fork();
    const supervised: Supervised = { worker, isStarted: false, lastLine: '' };
    running.set(worker.id, supervised);
    handOverConnections(worker, () => [...running.values()].some((one) => one !== supervised && one.isStarted));
    return new Promise((resolve) => {
      worker.on('message', (message: unknown) => {
        if (!isWorkerMessage(message)) return;
        if (message.streaks === 'ask') questions.ask(peerOf(worker), message.id, message.topic);
        else if (message.streaks === 'told') questions.told(message.id, message.value);
        else if (message.streaks === 'said') supervised.lastLine = message.line;
        else if (message.streaks === 'started') {
          supervised.isStarted = true;
          resolve(undefined);
        }
      });
      worker.on('error', (error) => {
        supervised.lastLine = error.message;
      });
      worker.once('exit', (code, signal) => {
        running.delete(worker.id);
        const reason = supervised.lastLine || `a worker ended with ${signal ?? `exit code ${code}`}`;
        resolve(supervised.isStarted ? undefined : new Error(reason));
        if (isStopping) {
          // One that was still starting had nothing to drain, and could not yet keep a terminal's Ctrl-C from ending it.
          if (code !== 0 && supervised.isStarted) onBadEnd(new Error(reason));
          if (running.size === 0) onEmpty?.();
        } else if (supervised.isStarted || previousDelayMs > 0) {
          const delayMs = workerRestartDelayMs(performance.now() - launchedMs, previousDelayMs);
          logger.error({ worker: worker.id, code, signal, reason, restartInMs: delayMs }, 'worker_ended');
          restartAfter(delayMs);
        }
      });
    });
  }

  function restartAfter(delayMs: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      restarts.inc();
      void launch(delayMs);
    }, delayMs);
    timers.add(timer);
  }

  return {
    async start() {
      const failure = await launch(0);
      if (isStopping) return;
      if (failure !== undefined) throw failure;
      const others = await Promise.all(Array.from({ length: count - 1 }, () => launch(0)));
      const failed = others.find((other) => other !== undefined);
      if (failed !== undefined && !isStopping) throw failed;
    },
    stop() {
      isStopping = true;
      for (const timer of timers) clearTimeout(timer);
      for (const { worker } of running.values()) peerOf(worker).send({ streaks: 'stop' });
      if (running.size === 0) return Promise.resolve();
      return new Promise((resolve) => {
        onEmpty = resolve;
      });
    },
    kill() {
      isStopping = true;
      for (const { worker } of running.values()) worker.process.kill('SIGKILL');
    },
  };
}

function peerOf(worker: Worker): PeerProcess {
  return {
    send(message: WorkerMessage) {
      // One that is ending has no channel any more; its exit is told apart from this.
      if (worker.isConnected()) worker.send(message, () => undefined);
    },
  };
}
