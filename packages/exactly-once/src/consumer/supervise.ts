import type { RunningConsumer } from './start-consumer';

export interface SuperviseOptions {
  /** Builds a fresh consumer on a fresh Kafka instance; `onCrash` and `stillOurs` belong to this one. */
  readonly start: (onCrash: (error: Error) => void) => Promise<RunningConsumer>;
  /** Why the consumer looks stuck, or undefined. Asked every `checkEveryMs`. */
  readonly findStall: () => string | undefined;
  /** Anything that only grows with work done: seen to grow, earlier failures are forgiven. */
  readonly progressMark: () => bigint;
  readonly checkEveryMs: number;
  readonly maxRebuildsWithoutProgress: number;
  readonly backoffMaxMs: number;
  readonly stopDeadlineMs: number;
  readonly wait: (ms: number) => Promise<void>;
  readonly onRebuild: (reason: string, rebuilds: number) => void;
  /** Rebuilding does not help: the process must end, so that its partitions go to another. */
  readonly onGiveUp: (reason: string) => void;
}

export interface Supervisor {
  readonly consumer: () => RunningConsumer | undefined;
  stop(): Promise<void>;
}

/**
 * Keeps one consumer running. kafkajs stops for good on some errors, and hangs without any on others; both end in a fresh
 * instance, since the old one's state is not to be trusted.
 */
export function supervise(options: SuperviseOptions): Supervisor {
  let consumer: RunningConsumer | undefined;
  let isStopping = false;
  let crash: string | undefined;

  const startOnce = async (): Promise<void> => {
    crash = undefined;
    try {
      consumer = await options.start((error) => {
        crash = `crash: ${error.message}`;
      });
    } catch (error) {
      crash = `start: ${error instanceof Error ? error.message : String(error)}`;
    }
  };

  const watch = async (): Promise<string | undefined> => {
    while (!isStopping) {
      const reason = crash ?? options.findStall();
      if (reason !== undefined) return reason;
      await options.wait(options.checkEveryMs);
    }
    return undefined;
  };

  const run = async (): Promise<void> => {
    let mark = options.progressMark();
    for (let rebuilds = 0; !isStopping; ) {
      await startOnce();
      const reason = await watch();
      if (reason === undefined) return;
      const now = options.progressMark();
      rebuilds = now > mark ? 1 : rebuilds + 1;
      mark = now;
      if (rebuilds > options.maxRebuildsWithoutProgress) return options.onGiveUp(reason);
      options.onRebuild(reason, rebuilds);
      const old = consumer;
      consumer = undefined;
      await old?.stop(options.stopDeadlineMs);
      await options.wait(Math.min(options.backoffMaxMs, 500 * 2 ** (rebuilds - 1)));
    }
  };
  const running = run();

  return {
    consumer: () => consumer,
    async stop() {
      isStopping = true;
      await consumer?.stop(options.stopDeadlineMs);
      await Promise.race([running, options.wait(options.checkEveryMs * 2)]);
    },
  };
}
