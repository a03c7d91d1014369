import { textArray, timestamptzArray } from '@streaks/exactly-once/binary/array-parameters';
import { createCopyRows } from '@streaks/exactly-once/binary/copy-rows';
import type { ClientBase } from 'pg';
import type { AdditiveEvent, RuleSource } from '../additive/rule-source';
import { hashNumber, hashText, type KnownKeys } from '../memory/known-keys';
import { copyNewRows } from './copy-new-rows';
import { eventStatements } from './event-statements';

const EXPECTED_ROW_BYTES = 176;

/** An event, and the record time (epoch milliseconds) up to which an erasure of its user takes it along. */
export interface RecordedEvent<Event> {
  readonly event: Event;
  readonly recordTimeMs: number;
}

/** Events and, by the same places, their record times. */
export interface EventsToStore<Event> {
  readonly events: readonly Event[];
  readonly recordTimesMs: Float64Array;
}

/**
 * Stores the events that are not there yet and returns those that are, by their place in `events`, as they were stored:
 * their identity is taken. The events are sorted by the bytes of (userId, id) and distinct.
 *
 * The first attempt looks up those that may be there and copies the rest, which is fastest. One that was there all the
 * same, or that another owner stores in between, fails it with 23505: the second attempt looks all of them up, a later one
 * inserts what it can and reads what it could not.
 */
export function insertEvents<Event extends AdditiveEvent>(
  client: ClientBase,
  source: RuleSource<Event>,
  toStore: EventsToStore<Event>,
  attempt: number,
  known: KnownKeys,
): Promise<ReadonlyMap<number, RecordedEvent<Event>>> {
  known.beginBatch();
  const { events } = toStore;
  const suspects: number[] = [];
  for (let place = 0; place < events.length; place += 1) {
    const event = events[place] as Event;
    const hash = hashNumber(0, hashText(source.idOf(event), hashText(event.userId)));
    if (known.mayExist(hash) || attempt > 0) suspects.push(place);
  }
  return attempt > 1 ? insertMissing(client, source, toStore) : copyMissing(client, source, toStore, suspects, known);
}

/**
 * Gives stored events the record time of a later repeat: an erasure that takes the first one must leave the repeat. The events are
 * sorted by the bytes of (userId, id) and distinct.
 */
export async function raiseRecordTimes<Event extends AdditiveEvent>(
  client: ClientBase,
  source: RuleSource<Event>,
  { events, recordTimesMs }: EventsToStore<Event>,
): Promise<void> {
  const { raise } = eventStatements(source.table);
  await client.query({ ...raise, values: [...identities(source, events), timestamptzArray(recordTimesMs)] });
}

async function copyMissing<Event extends AdditiveEvent>(
  client: ClientBase,
  source: RuleSource<Event>,
  { events, recordTimesMs }: EventsToStore<Event>,
  suspects: readonly number[],
  known: KnownKeys,
): Promise<ReadonlyMap<number, RecordedEvent<Event>>> {
  const stored = await findAt(client, source, events, suspects);
  if (stored.size === events.length) return stored;
  const { table } = source;
  const rows = createCopyRows(4 + table.instants.length, events.length * EXPECTED_ROW_BYTES);
  for (let place = 0; place < events.length; place += 1) {
    if (stored.has(place)) continue;
    const event = events[place] as Event;
    rows.row();
    rows.text(event.userId);
    rows.text(source.idOf(event));
    table.copyInstants(rows, event);
    rows.text(event.timezone);
    rows.timestamptz(recordTimesMs[place] as number);
  }
  const { copy } = eventStatements(table);
  await copyNewRows(client, copy, rows.finish(), suspects.length < events.length ? known : undefined);
  return stored;
}

/** The stored ones among the events at some places, by place. */
async function findAt<Event extends AdditiveEvent>(
  client: ClientBase,
  source: RuleSource<Event>,
  events: readonly Event[],
  places: readonly number[],
): Promise<ReadonlyMap<number, RecordedEvent<Event>>> {
  if (places.length === 0) return new Map();
  const stored = await findStored(
    client,
    source,
    places.map((place) => events[place] as Event),
  );
  return places.length === events.length
    ? stored
    : new Map([...stored].map(([index, event]) => [places[index] as number, event]));
}

async function insertMissing<Event extends AdditiveEvent>(
  client: ClientBase,
  source: RuleSource<Event>,
  { events, recordTimesMs }: EventsToStore<Event>,
): Promise<ReadonlyMap<number, RecordedEvent<Event>>> {
  const { insert } = eventStatements(source.table);
  const result = await client.query<{ user_id: string; id: string }>({
    ...insert,
    values: [
      ...identities(source, events),
      ...source.table.instants.map(({ of }) => timestamptzArray(events.map(of))),
      textArray(events.map(({ timezone }) => timezone)),
      timestamptzArray(recordTimesMs),
    ],
  });
  // No id holds a space.
  const inserted = new Set(result.rows.map((row) => `${row.user_id} ${row.id}`));
  const identityOf = (event: Event) => `${event.userId} ${source.idOf(event)}`;
  const lost = [...events.keys()].filter((place) => !inserted.has(identityOf(events[place] as Event)));
  // A new statement sees what the other owner committed while the insert waited for it.
  return findAt(client, source, events, lost);
}

async function findStored<Event extends AdditiveEvent>(
  client: ClientBase,
  source: RuleSource<Event>,
  events: readonly Event[],
): Promise<Map<number, RecordedEvent<Event>>> {
  const { rows } = await client.query<{ ord: number; stored: string }>({
    ...eventStatements(source.table).find,
    values: identities(source, events),
  });
  return new Map(
    rows.map(({ ord, stored }) => {
      const event = events[ord - 1] as Event;
      const [recordTime, timezone = '', ...instants] = stored.split(' ');
      const found = source.table.fromRow(event.userId, source.idOf(event), instants.map(Number), timezone);
      return [ord - 1, { event: found, recordTimeMs: Number(recordTime) }];
    }),
  );
}

function identities<Event extends AdditiveEvent>(
  source: RuleSource<Event>,
  events: readonly Event[],
): readonly Buffer[] {
  return [textArray(events.map(({ userId }) => userId)), textArray(events.map(source.idOf))];
}
