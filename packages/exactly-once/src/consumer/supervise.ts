import type { RunningConsumer } from './start-consumer';

/** One consumer from its start to its end. What it says after its end is no longer heard. */
export interface ConsumerLife {
  readonly isOver: () => boolean;
  readonly onCrash: (error: Error) => void;
}

export interface SuperviseOptions {
  /** Builds a fresh consumer on a fresh Kafka instance. */
  readonly start: (life: ConsumerLife) => Promise<RunningConsumer>;
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

  /** Starts one and watches it to its end. Says why it has to be replaced, or `undefined` when we stop. */
  const liveOnce = async (): Promise<string | undefined> => {
    let isOver = false;
    let crash: string | undefined;
    const life: ConsumerLife = {
      isOver: () => isOver,
      onCrash: (error) => {
        crash ??= `crash: ${error.message}`;
      },
    };
    const starting = options.start(life).then(
      async (started) => {
        // A start that took too long, or that we stopped meanwhile, must not stay in the group and hold partitions.
        if (isOver || isStopping) await started.stop(options.stopDeadlineMs);
        else consumer = started;
      },
      (error: unknown) => {
        crash ??= `start: ${error instanceof Error ? error.message : String(error)}`;
      },
    );
    let reason: string | undefined;
    while (!isStopping) {
      reason = crash ?? options.findStall();
      if (reason !== undefined) break;
      await options.wait(options.checkEveryMs);
    }
    isOver = true;
    if (reason === undefined) await starting;
    return reason;
  };

  const run = async (): Promise<void> => {
    let mark = options.progressMark();
    for (let rebuilds = 0; !isStopping; ) {
      const reason = await liveOnce();
      if (reason === undefined) return;
      const now = options.progressMark();
      rebuilds = now > mark ? 1 : rebuilds + 1;
      mark = now;
      if (rebuilds > options.maxRebuildsWithoutProgress) return options.onGiveUp(reason);
      options.onRebuild(reason, rebuilds);
      const old = consumer;
      consumer = undefined;
      await old?.stop(options.stopDeadlineMs);
      if (!isStopping) await options.wait(Math.min(options.backoffMaxMs, 500 * 2 ** (rebuilds - 1)));
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
