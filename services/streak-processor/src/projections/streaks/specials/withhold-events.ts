import { textArray, timestamptzArray } from '@streaks/exactly-once/binary/array-parameters';
import type { DecodedRecord } from '@streaks/exactly-once/projection';
import type { DecodedSession } from '@streaks/shared/contracts/user-event';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import type { ClientBase } from 'pg';
import { recordTimeOf } from '../../../engines/decode-records';
import type { AdditiveEvent } from '../additive/rule-source';
import { type SpecialUsers, usualUser } from './special-user';

/** Why an event is not stored. */
export type Withheld = 'erased' | 'retracted';

/** By the place of the record among the records; those that are not here count. */
export type WithheldEvents = Map<number, Withheld>;

/** Those of users who were erased after the event was recorded. */
export function withholdErased(
  records: readonly DecodedRecord<AdditiveEvent>[],
  specials: SpecialUsers,
): WithheldEvents {
  const withheld: WithheldEvents = new Map();
  if (specials.size === 0) return withheld;
  for (const [place, { source, event }] of records.entries()) {
    const { erasedAtMs } = specials.get(event.userId) ?? usualUser;
    if (recordTimeOf(source) <= erasedAtMs) withheld.set(place, 'erased');
  }
  return withheld;
}

const FIND_RETRACTED = `
  SELECT k.ord::int AS ord
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(user_id, session_id, ord)
  CROSS JOIN LATERAL (
    SELECT FROM retracted_sessions r WHERE r.user_id = k.user_id AND r.session_id = k.session_id OFFSET 0
  ) AS r`;

// Of sessions with one id the first one is kept; a repeat only moves the time up to which an erasure takes it along.
const KEEP_FOR_ERASURE = `
  MERGE INTO retracted_sessions r
  USING (
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::timestamptz[])
      WITH ORDINALITY AS k(user_id, session_id, start_time, end_time, timezone, record_time, ord) OFFSET 0
  ) AS k
  ON r.user_id = k.user_id AND r.session_id = k.session_id
  WHEN MATCHED AND k.record_time > r.record_time AND r.session_record_time IS NULL THEN UPDATE SET
    start_time = k.start_time, end_time = k.end_time, timezone = k.timezone, session_record_time = k.record_time
  WHEN MATCHED AND k.record_time > r.session_record_time AND k.start_time = r.start_time AND k.end_time = r.end_time
    AND k.timezone = r.timezone THEN UPDATE SET session_record_time = k.record_time
  WHEN NOT MATCHED AND k.ord < 0 THEN INSERT (user_id) VALUES (k.user_id)`;

/**
 * Adds the sessions that were retracted to those withheld. One recorded after its retraction is kept beside it: an erasure
 * between the two would take the retraction away and leave the session.
 */
export async function withholdRetracted(
  client: ClientBase,
  records: readonly DecodedRecord<DecodedSession>[],
  specials: SpecialUsers,
  withheld: WithheldEvents,
): Promise<void> {
  if (specials.size === 0) return;
  const suspects: number[] = [];
  for (const [place, { event }] of records.entries()) {
    if (!withheld.has(place) && (specials.get(event.userId) ?? usualUser).hasRetractions) suspects.push(place);
  }
  if (suspects.length === 0) return;
  const found = await client.query<{ ord: number }>({
    name: 'streaks_find_retracted',
    text: FIND_RETRACTED,
    values: identities(records, suspects),
  });
  const retracted = found.rows.map(({ ord }) => suspects[ord - 1] as number);
  for (const place of retracted) withheld.set(place, 'retracted');
  await keepForErasure(client, records, retracted);
}

/** One statement for each repeat of an id, since MERGE changes a row once. */
async function keepForErasure(
  client: ClientBase,
  records: readonly DecodedRecord<DecodedSession>[],
  places: readonly number[],
): Promise<void> {
  for (let rest = places; rest.length > 0; ) {
    const firsts = new Map<string, number>();
    for (const place of rest) {
      const { userId, sessionId } = eventAt(records, place);
      const identity = `${userId} ${sessionId}`; // no id holds a space
      if (!firsts.has(identity)) firsts.set(identity, place);
    }
    const chosen = [...firsts.values()].sort((one, other) => compareAt(records, one, other));
    const events = chosen.map((place) => eventAt(records, place));
    await client.query({
      name: 'streaks_keep_retracted',
      text: KEEP_FOR_ERASURE,
      values: [
        ...identities(records, chosen),
        timestamptzArray(events.map(({ startMs }) => startMs)),
        timestamptzArray(events.map(({ endMs }) => endMs)),
        textArray(events.map(({ timezone }) => timezone)),
        timestamptzArray(chosen.map((place) => recordTimeOf(recordAt(records, place).source))),
      ],
    });
    const done = new Set(chosen);
    rest = rest.filter((place) => !done.has(place));
  }
}

type SessionRecords = readonly DecodedRecord<DecodedSession>[];

const recordAt = (records: SessionRecords, place: number) => records[place] as DecodedRecord<DecodedSession>;
const eventAt = (records: SessionRecords, place: number): DecodedSession => recordAt(records, place).event;

function compareAt(records: SessionRecords, one: number, other: number): number {
  const [left, right] = [eventAt(records, one), eventAt(records, other)];
  return compareUtf8(left.userId, right.userId) || compareUtf8(left.sessionId, right.sessionId);
}

function identities(records: SessionRecords, places: readonly number[]): readonly Buffer[] {
  const events = places.map((place) => eventAt(records, place));
  return [textArray(events.map(({ userId }) => userId)), textArray(events.map(({ sessionId }) => sessionId))];
}
