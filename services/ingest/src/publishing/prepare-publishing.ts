import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@streaks/shared/observability/create-logger';

export type PreparationOptions<Encoders> = {
  /** Makes sure the topics exist. Repeated until it succeeds. */
  readonly ensureTopics: () => Promise<void>;
  /** Registers the schemas and gives the encoders. Repeated until it succeeds. */
  readonly registerSchemas: () => Promise<Encoders>;
  readonly logger: Logger;
  readonly retryMs: number;
  /** An attempt without an answer after this long counts as failed. */
  readonly attemptTimeoutMs: number;
};

export type Preparation<Encoders> = {
  readonly encoders: () => Encoders | undefined;
  readonly areTopicsReady: () => boolean;
  /** Gives up what has not succeeded yet. */
  stop(): void;
};

/**
 * What publishing needs once: the topics and the schemas' ids. Kafka and the registry may be away when the service
 * starts; it is up meanwhile and not ready, so that an orchestrator does not restart it for somebody else's outage.
 */
export function preparePublishing<Encoders>(options: PreparationOptions<Encoders>): Preparation<Encoders> {
  const { ensureTopics, registerSchemas, logger, retryMs, attemptTimeoutMs } = options;
  const stopping = new AbortController();
  let encoders: Encoders | undefined;
  let areTopicsReady = false;

  async function until<Result>(
    step: string,
    work: () => Promise<Result>,
    done: (result: Result) => void,
  ): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        done(await within(attemptTimeoutMs, work()));
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        logger.warn({ step, reason, retryMs }, 'preparation_failed');
        // Rejects when the service is stopping, which ends the loop.
        await delay(retryMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  }

  void until('ensure_topics', ensureTopics, () => {
    areTopicsReady = true;
  });
  void until('register_schemas', registerSchemas, (made) => {
    encoders = made;
  });
  return { encoders: () => encoders, areTopicsReady: () => areTopicsReady, stop: () => stopping.abort() };
}

async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
