import type { CopyRows } from '@streaks/exactly-once/binary/copy-rows';
import type { CheckIn } from '@streaks/shared/domain/events/check-in';
import type { Session } from '@streaks/shared/domain/events/session';

/** A table of events with the key (user_id, id): which columns hold what. */
export interface EventTable<Event> {
  readonly name: string;
  readonly idColumn: string;
  /** Instants of the event, with how it gives them in epoch milliseconds. */
  readonly instants: readonly { readonly column: string; readonly of: (event: Event) => number }[];
  /** The same into a row that is copied, in their order: for thousands of events in each batch. */
  copyInstants(rows: Pick<CopyRows, 'timestamptz'>, event: Event): void;
  /** From what the columns hold, the instants in their order. */
  fromRow(userId: string, id: string, instantsMs: readonly number[], timezone: string): Event;
}

export const sessionTable: EventTable<Session> = {
  name: 'focus_sessions',
  idColumn: 'session_id',
  instants: [
    { column: 'start_time', of: ({ startMs }) => startMs },
    { column: 'end_time', of: ({ endMs }) => endMs },
  ],
  copyInstants(rows, { startMs, endMs }) {
    rows.timestamptz(startMs);
    rows.timestamptz(endMs);
  },
  fromRow: (userId, sessionId, [startMs = 0, endMs = 0], timezone) => ({ userId, sessionId, startMs, endMs, timezone }),
};

export const checkInTable: EventTable<CheckIn> = {
  name: 'check_ins',
  idColumn: 'check_in_id',
  instants: [{ column: 'at', of: ({ atMs }) => atMs }],
  copyInstants: (rows, { atMs }) => rows.timestamptz(atMs),
  fromRow: (userId, checkInId, [atMs = 0], timezone) => ({ userId, checkInId, atMs, timezone }),
};

/** Of any table: what statements on it are made of. */
export type EventColumns = Pick<EventTable<never>, 'name' | 'idColumn' | 'instants'>;

/** Epoch milliseconds of a column that holds whole ones. */
export const toMs = (column: string): string => `(date_part('epoch', ${column}) * 1000)::bigint`;
