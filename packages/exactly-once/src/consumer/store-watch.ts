export interface StoreWatchOptions {
  /** How long the oldest transaction at hand has waited; 0 when there is none. */
  readonly waitingMs: () => number;
  /** Asks Postgres anything, beside the transactions; rejects when it cannot. May hang. */
  readonly ask: () => Promise<unknown>;
  /** A transaction may wait this long before Postgres is asked whether it is there at all. */
  readonly silenceMs: number;
  readonly answerTimeoutMs: number;
  readonly wait: (ms: number) => Promise<void>;
}

export interface StoreWatch {
  /** Says so once Postgres leaves a transaction without an answer and a question too. Never waits; to be called time and again. */
  findSilence(): string | undefined;
  /** Resolves when Postgres answers, or when `isOver`. */
  untilAnswers(isOver: () => boolean): Promise<void>;
  readonly isAwaiting: boolean;
}

const PAUSE_MS = 500;

/**
 * Finds out that this process has lost Postgres while Kafka still counts it as alive: its partitions would stand still for as
 * long as that lasts, though others could work them. A long transaction is no silence, since the question is answered.
 */
export function createStoreWatch({ waitingMs, ask, ...options }: StoreWatchOptions): StoreWatch {
  let isAsking = false;
  let isSilent = false;
  let isAwaiting = false;
  const answers = async (): Promise<boolean> => {
    const timedOut = options.wait(options.answerTimeoutMs).then(() => false);
    const answered = ask().then(
      () => true,
      () => false,
    );
    return Promise.race([answered, timedOut]);
  };
  const look = async (): Promise<void> => {
    isAsking = true;
    isSilent = !(await answers());
    isAsking = false;
  };
  return {
    findSilence() {
      const waitedMs = waitingMs();
      if (waitedMs < options.silenceMs) {
        isSilent = false;
        return undefined;
      }
      if (isSilent) return `Postgres has not answered for ${Math.round(waitedMs / 1_000)} s`;
      if (!isAsking) void look();
      return undefined;
    },
    async untilAnswers(isOver) {
      isAwaiting = true;
      while (!isOver() && !(await answers())) await options.wait(PAUSE_MS);
      isAwaiting = false;
      isSilent = false;
    },
    get isAwaiting() {
      return isAwaiting;
    },
  };
}
