import { RULE_IDS, type RuleId } from '@streaks/shared/domain/rules';
import { problem } from '@streaks/shared/errors/problem';
import type { QueryMetrics } from '../metrics';
import type { HistoryPosition, ReadModel } from '../stores/read-model';
import { StoreUnavailable } from '../stores/store-circuit';
import type { EventStream, StreamEnd } from './event-stream';

/** Changes of a user and rule that one look brings; what is left comes with the next, which follows at once. */
const CHANGES_PER_LOOK = 50;

export interface StreamHubOptions {
  readonly readModel: Pick<ReadModel, 'readNews'>;
  readonly metrics: QueryMetrics;
  readonly limits: StreamLimits;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicMs: () => number;
  /** Called with an error that is not an outage. */
  readonly onError: (error: unknown) => void;
}

export interface StreamLimits {
  /** Most streams of this process. */
  readonly maxStreams: number;
  /** Between two looks for changes. */
  readonly lookEveryMs: number;
  readonly heartbeatEveryMs: number;
  /** A stream is ended after this long; its client connects again by itself, perhaps to another instance. */
  readonly maxAgeMs: number;
  /** A client that has not read for this long is cut off. */
  readonly slowAfterMs: number;
}

/** All event streams of this process. */
export interface StreamHub {
  /**
   * Takes a place before a stream is prepared. What it gives back lets go of the place, once; with a stream it must be
   * called when that is over.
   *
   * @throws {HttpProblem} 503 where there is no place left, or the service is stopping.
   */
  reserve(): () => void;
  /** Begins a stream. @throws {HttpProblem} 503 where the service is stopping. */
  add(stream: EventStream): void;
  /** The client has gone. */
  remove(stream: EventStream): void;
  /** Ends every stream; from now on none is begun. */
  close(): Promise<void>;
}

/**
 * Looks for changes of all streams at once, in one statement: what it costs grows with the streams of the process, not with
 * what others change. A look follows at once where one was full, where its reader has caught up, or where a stream was added; a burst of new
 * streams is one look.
 *
 *   IDLE (no stream) ──added──► LOOKING ──done──► WAITING(lookEveryMs) ──time, added, read──► LOOKING …
 *                                 ▲  │ full, added
 *                                 └──┘
 */
export function createStreamHub({ readModel, metrics, limits, monotonicMs, onError }: StreamHubOptions): StreamHub {
  const streams = new Set<EventStream>();
  let places = 0;
  let isClosed = false;
  let isHurried = false;
  let looking: Promise<void> | undefined;
  let nextLook: NodeJS.Timeout | undefined;
  let heartbeat: NodeJS.Timeout | undefined;

  function refuseWhenClosed(): void {
    if (isClosed) {
      throw problem({ code: 'STREAKS_SHUTTING_DOWN', headers: { 'Retry-After': '1' } });
    }
  }

  function hurry(): void {
    isHurried = true;
    if (looking === undefined && !isClosed && streams.size > 0) {
      clearTimeout(nextLook);
      looking = lookUntilSeen();
    }
  }

  async function lookUntilSeen(): Promise<void> {
    // Streams that are added in one turn share a look.
    await Promise.resolve();
    while (isHurried && !isClosed) {
      isHurried = false;
      try {
        isHurried = (await look()) || isHurried;
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) {
          onError(error);
        }
      }
    }
    looking = undefined;
    if (streams.size > 0 && !isClosed) {
      nextLook = setTimeout(hurry, limits.lookEveryMs);
    }
  }

  /** Whether there is more to see at once. */
  async function look(): Promise<boolean> {
    const asked = new Map<HistoryPosition, { readonly stream: EventStream; readonly ruleId: RuleId }>();
    for (const stream of streams) {
      // A client that does not read gets nothing more to read: it waits in Postgres, not here.
      if (stream.congestedSinceMs === undefined) {
        for (const ruleId of RULE_IDS) {
          asked.set({ userId: stream.userId, ruleId, version: stream.position[ruleId] }, { stream, ruleId });
        }
      }
    }
    if (asked.size === 0) {
      return false;
    }
    let isFull = false;
    for (const news of await readModel.readNews([...asked.keys()], CHANGES_PER_LOOK)) {
      const { stream, ruleId } = asked.get(news.position) ?? {};
      if (stream !== undefined && ruleId !== undefined && streams.has(stream)) {
        metrics.streamEvents.inc(stream.deliver(ruleId, news));
        if (news.changes.length === CHANGES_PER_LOOK) {
          isFull = true;
          stream.whenRead(hurry);
        }
      }
    }
    return isFull;
  }

  function beat(): void {
    const nowMs = monotonicMs();
    for (const stream of streams) {
      const { congestedSinceMs, openedMs } = stream;
      if (congestedSinceMs !== undefined) {
        if (nowMs - congestedSinceMs >= limits.slowAfterMs) {
          end(stream, 'slow');
        }
      } else if (nowMs - openedMs >= limits.maxAgeMs) {
        end(stream, 'age');
      } else {
        stream.heartbeat();
      }
    }
  }

  function end(stream: EventStream, reason: StreamEnd): void {
    if (streams.delete(stream)) {
      metrics.streams.set(streams.size);
      metrics.streamsEnded.inc({ reason });
      if (reason !== 'client') {
        stream.end(reason);
      }
      if (streams.size === 0) {
        clearTimeout(nextLook);
        clearInterval(heartbeat);
        heartbeat = undefined;
      }
    }
  }

  return {
    reserve() {
      refuseWhenClosed();
      if (places >= limits.maxStreams) {
        throw problem({
          code: 'STREAKS_TOO_MANY_STREAMS',
          detail: `this process has ${limits.maxStreams} streams open`,
          headers: { 'Retry-After': '5' },
        });
      }
      places += 1;
      let isHeld = true;
      return () => {
        places -= isHeld ? 1 : 0;
        isHeld = false;
      };
    },
    add(stream) {
      refuseWhenClosed();
      streams.add(stream);
      metrics.streams.set(streams.size);
      heartbeat ??= setInterval(beat, limits.heartbeatEveryMs);
      hurry();
    },
    remove: (stream) => end(stream, 'client'),
    async close() {
      isClosed = true;
      clearTimeout(nextLook);
      for (const stream of streams) {
        end(stream, 'shutdown');
      }
      await looking;
    },
  };
}
