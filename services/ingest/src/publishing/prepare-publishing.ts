import { setTimeout as delay } from 'node:timers/promises';
import type { SessionEncoder } from '@streaks/shared/contracts/session-codec';
import type { Logger } from '@streaks/shared/observability/create-logger';

export type PreparationOptions = {
  /** Makes sure the topic exists. Repeated until it succeeds. */
  readonly ensureTopic: () => Promise<void>;
  /** Registers the schema and gives the encoder. Repeated until it succeeds. */
  readonly registerSchema: () => Promise<SessionEncoder>;
  readonly logger: Logger;
  readonly retryMs: number;
  /** An attempt without an answer after this long counts as failed. */
  readonly attemptTimeoutMs: number;
};

export type Preparation = {
  readonly encoder: () => SessionEncoder | undefined;
  readonly isTopicReady: () => boolean;
  /** Gives up what has not succeeded yet. */
  stop(): void;
};

/**
 * What publishing needs once: the topic and the schema's id. Kafka and the registry may be away when the service
 * starts; it is up meanwhile and not ready, so that an orchestrator does not restart it for somebody else's outage.
 */
export function preparePublishing(options: PreparationOptions): Preparation {
  const { ensureTopic, registerSchema, logger, retryMs, attemptTimeoutMs } = options;
  const stopping = new AbortController();
  let encoder: SessionEncoder | undefined;
  let isTopicReady = false;

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

  void until('ensure_topic', ensureTopic, () => {
    isTopicReady = true;
  });
  void until('register_schema', registerSchema, (made) => {
    encoder = made;
  });
  return { encoder: () => encoder, isTopicReady: () => isTopicReady, stop: () => stopping.abort() };
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
