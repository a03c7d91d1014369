import type { Change, DecodedRecord, Projection, SourceRecord } from '@streaks/exactly-once/projection';
import type { ClientBase } from 'pg';

/** What the records of a topic mean to the fresh tables. */
export interface FreshProjection {
  /** Those that are events; the others were dead letters before, and still are. */
  decode(records: readonly SourceRecord[]): Promise<FreshEvents>;
}

/** Events that are applied together or in parts. */
export interface FreshEvents {
  readonly count: number;
  slice(from: number, to: number): FreshEvents;
  /** Into the tables of the client's search_path. What they change is not stored. */
  apply(client: ClientBase, attempt: number): Promise<void>;
}

/** A processor's projection. `onRejected` is told of the events that it refused, inside of the transaction. */
export function createFreshProjection<Event, C extends Change, Outcome>(
  projection: Projection<Event, C, Outcome>,
  onRejected: (client: ClientBase, rejected: readonly DecodedRecord<Event>[]) => Promise<void> = async () => undefined,
): FreshProjection {
  const wrap = (events: readonly DecodedRecord<Event>[]): FreshEvents => ({
    count: events.length,
    slice: (from, to) => wrap(events.slice(from, to)),
    async apply(client, attempt) {
      if (events.length === 0) return;
      const { rejected } = await projection.apply(client, events, attempt);
      if (rejected.length === 0) return;
      const sources = new Set(rejected.map(({ source }) => source));
      await onRejected(
        client,
        events.filter(({ source }) => sources.has(source)),
      );
    },
  });
  return {
    async decode(records) {
      const decoded = await projection.decode(records);
      return wrap(
        decoded.flatMap((result, index): DecodedRecord<Event>[] => {
          const source = records[index];
          return result.kind === 'event' && source !== undefined
            ? [{ source: withoutHeaders(source), event: result.event }]
            : [];
        }),
      );
    },
  };
}

/** Headers ask for replies, which were given, and name requests in a history that is not written. */
const withoutHeaders = (source: SourceRecord): SourceRecord => ({ ...source, headers: {} });
