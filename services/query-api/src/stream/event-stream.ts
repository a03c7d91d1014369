import { formatInstant } from '@streaks/shared/domain/calendar/instant';
import type { RuleId } from '@streaks/shared/domain/rules';
import { describeChange } from '../history/describe-change';
import type { HistoryNews, StreakChange } from '../stores/read-model';
import { eventFrame, HEARTBEAT_FRAME, openingFrame } from './event-frames';
import { type EventPosition, formatPosition } from './event-position';

/** The part of an HTTP answer that a stream writes to. */
export interface EventSink {
  /** False once the client reads slower than is written: nothing more until `drain`. */
  write(text: string): boolean;
  once(event: 'drain', listener: () => void): unknown;
  end(): unknown;
  destroy(): unknown;
}

/** Why a stream ended. */
export type StreamEnd = 'client' | 'age' | 'slow' | 'shutdown';

/** One client that follows one user. */
export interface EventStream {
  readonly userId: string;
  readonly openedMs: number;
  readonly position: EventPosition;
  /** Since when the client has not read what was written, by a clock that never goes back; undefined while it has. */
  readonly congestedSinceMs: number | undefined;
  /** Begins the stream. */
  open(): void;
  /** Writes what the position has not seen, and moves it. The number of events. */
  deliver(ruleId: RuleId, news: Pick<HistoryNews, 'changes' | 'currentVersion'>): number;
  /** Calls back once the client has read what was written, if it is behind now; else never. */
  whenRead(listener: () => void): void;
  heartbeat(): void;
  /** `slow` cuts the connection, for its end could not be delivered either. */
  end(reason: StreamEnd): void;
}

export interface EventStreamOptions {
  readonly userId: string;
  readonly position: EventPosition;
  readonly sink: EventSink;
  readonly monotonicMs: () => number;
}

export function createEventStream({ userId, position: start, sink, monotonicMs }: EventStreamOptions): EventStream {
  let position = start;
  let congestedSinceMs: number | undefined;

  function write(text: string): void {
    if (!sink.write(text) && congestedSinceMs === undefined) {
      congestedSinceMs = monotonicMs();
      sink.once('drain', () => {
        congestedSinceMs = undefined;
      });
    }
  }

  function moveTo(ruleId: RuleId, version: number): string {
    position = { ...position, [ruleId]: version };
    return formatPosition(position);
  }

  return {
    userId,
    openedMs: monotonicMs(),
    get position() {
      return position;
    },
    get congestedSinceMs() {
      return congestedSinceMs;
    },
    open: () => write(openingFrame(formatPosition(position))),
    deliver(ruleId, { changes, currentVersion }) {
      let text = '';
      let events = 0;
      const add = (version: number, name: string, data: object): void => {
        text += eventFrame({ id: moveTo(ruleId, version), name, data });
        events += 1;
      };
      for (const change of changes) {
        if (change.changeType === 'USER_ERASED') {
          add(change.version, 'erased', describeErasure(change));
        } else {
          if (change.version !== position[ruleId] + 1) {
            add(change.version - 1, 'reset', { ruleId, versionAfter: change.version - 1 });
          }
          add(change.version, 'change', describeChange(change));
        }
      }
      if (changes.length === 0 && currentVersion !== position[ruleId]) {
        add(currentVersion, 'reset', { ruleId, versionAfter: currentVersion });
      }
      if (text !== '') {
        write(text);
      }
      return events;
    },
    whenRead(listener) {
      if (congestedSinceMs !== undefined) {
        sink.once('drain', listener);
      }
    },
    heartbeat: () => write(HEARTBEAT_FRAME),
    end(reason) {
      if (reason === 'slow') {
        sink.destroy();
      } else {
        sink.end();
      }
    },
  };
}

function describeErasure({ ruleId, version, recordedAtMs }: StreakChange) {
  return { ruleId, versionAfter: version, recordedAt: formatInstant(recordedAtMs) };
}
