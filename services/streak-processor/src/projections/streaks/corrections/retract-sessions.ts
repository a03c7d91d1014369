import { textArray, timestamptzArray } from '@streaks/exactly-once/binary/array-parameters';
import { formatInstant } from '@streaks/shared/domain/calendar/instant';
import type { Session } from '@streaks/shared/domain/events/session';
import type { ClientBase } from 'pg';
import { toMs } from '../sql/event-table';
import type { RecordedEvent } from '../sql/insert-events';
import type { PlannedRetraction } from './plan-corrections';

/** A retraction of a user's session. */
export interface UserRetraction extends PlannedRetraction {
  readonly userId: string;
}

export interface RetractedSessions {
  /** Those that were stored, and count no more. */
  readonly deleted: readonly Session[];
  /** `userId sessionId` of those that had not been retracted before. */
  readonly fresh: ReadonlySet<string>;
}

const DELETE = `
  DELETE FROM focus_sessions s USING unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(user_id, session_id, ord)
  WHERE s.user_id = k.user_id AND s.session_id = k.session_id
  RETURNING k.ord::int AS ord, ${toMs('s.start_time')} AS start_ms, ${toMs('s.end_time')} AS end_ms, s.timezone,
    ${toMs('s.record_time')} AS recorded_ms`;

const KEPT_COLUMNS = ['start_time', 'end_time', 'timezone', 'session_record_time'] as const;
const keepLater = KEPT_COLUMNS.map(
  (column) => `${column} = CASE WHEN r.session_record_time > excluded.record_time THEN r.${column} END`,
).join(', ');

const KEEP = `
  INSERT INTO retracted_sessions AS r (user_id, session_id, record_time, ${KEPT_COLUMNS.join(', ')})
  SELECT user_id, session_id, record_time, start_time::timestamptz, end_time::timestamptz, timezone, session_record_time::timestamptz
  FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[])
    WITH ORDINALITY AS k(user_id, session_id, record_time, ${KEPT_COLUMNS.join(', ')}, ord)
  ORDER BY k.ord
  ON CONFLICT (user_id, session_id) DO UPDATE SET record_time = excluded.record_time, ${keepLater}
  WHERE r.record_time < excluded.record_time
  RETURNING r.user_id, r.session_id, old.user_id IS NULL AS is_fresh`;

/**
 * Keeps that the sessions, distinct and sorted by the bytes of (userId, sessionId), are retracted, and deletes those that are
 * stored. One that was recorded after its retraction is kept beside it: an erasure between the two would take the retraction
 * alone. The users' buckets must be held exclusively.
 */
export async function retractSessions(
  client: ClientBase,
  retractions: readonly UserRetraction[],
): Promise<RetractedSessions> {
  const identities = [
    textArray(retractions.map(({ userId }) => userId)),
    textArray(retractions.map(({ sessionId }) => sessionId)),
  ];
  const deleted = await deleteSessions(client, retractions, identities);
  const later = retractions.map(({ recordTimeMs }, place) => {
    const session = deleted.get(place);
    return session !== undefined && session.recordTimeMs > recordTimeMs ? session : undefined;
  });
  const instants = (of: (session: RecordedEvent<Session>) => number): Buffer =>
    textArray(later.map((session) => (session === undefined ? null : formatInstant(of(session)))));
  const { rows } = await client.query<{ user_id: string; session_id: string; is_fresh: boolean }>(KEEP, [
    ...identities,
    timestamptzArray(retractions.map(({ recordTimeMs }) => recordTimeMs)),
    instants(({ event }) => event.startMs),
    instants(({ event }) => event.endMs),
    textArray(later.map((session) => session?.event.timezone ?? null)),
    instants(({ recordTimeMs }) => recordTimeMs),
  ]);
  return {
    deleted: [...deleted.values()].map(({ event }) => event),
    fresh: new Set(
      rows.filter(({ is_fresh }) => is_fresh).map(({ user_id, session_id }) => `${user_id} ${session_id}`),
    ),
  };
}

/** By the place of the retraction. */
async function deleteSessions(
  client: ClientBase,
  retractions: readonly UserRetraction[],
  identities: readonly Buffer[],
): Promise<ReadonlyMap<number, RecordedEvent<Session>>> {
  const { rows } = await client.query<
    { ord: number } & Record<'start_ms' | 'end_ms' | 'timezone' | 'recorded_ms', string>
  >(DELETE, [...identities]);
  return new Map(
    rows.map(({ ord, start_ms, end_ms, timezone, recorded_ms }) => {
      const { userId, sessionId } = retractions[ord - 1] as UserRetraction;
      const event = { userId, sessionId, startMs: Number(start_ms), endMs: Number(end_ms), timezone };
      return [ord - 1, { event, recordTimeMs: Number(recorded_ms) }];
    }),
  );
}
