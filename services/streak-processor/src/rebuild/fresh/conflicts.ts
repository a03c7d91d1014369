import { textArray, timestamptzArray } from '@streaks/exactly-once/binary/array-parameters';
import type { DecodedRecord } from '@streaks/exactly-once/projection';
import type { UserEvent } from '@streaks/shared/contracts/user-event';
import type { DefaultTargets } from '@streaks/shared/domain/rules';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import type { ClientBase } from 'pg';
import { recordTimeOf } from '../../engines/decode-records';
import { checkInTable, type EventColumns, sessionTable } from '../../projections/streaks/sql/event-table';
import { recountFresh } from './recount-fresh';

interface Loser {
  readonly table: string;
  readonly userId: string;
  readonly eventId: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly timezone: string;
  readonly recordTimeMs: number;
}

const REMEMBER = `
  INSERT INTO rebuild.conflicts AS c (of_table, user_id, event_id, first_time, last_time, timezone, record_time)
  SELECT k.of_table, k.user_id, k.event_id, k.first_time, k.last_time, k.timezone, max(k.record_time)
  FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::timestamptz[])
    AS k(of_table, user_id, event_id, first_time, last_time, timezone, record_time)
  GROUP BY k.of_table, k.user_id, k.event_id, k.first_time, k.last_time, k.timezone
  ON CONFLICT (of_table, user_id, event_id, first_time, last_time, timezone)
    DO UPDATE SET record_time = greatest(c.record_time, excluded.record_time)`;

/** Remembers sessions and check-ins that were refused because their id was taken by one with other content. */
export async function rememberLosers(client: ClientBase, rejected: readonly DecodedRecord<UserEvent>[]): Promise<void> {
  const losers = rejected.flatMap(({ source, event }): Loser[] => {
    const { userId } = event;
    const recordTimeMs = recordTimeOf(source);
    switch (event.kind) {
      case 'session': {
        const { sessionId: eventId, startMs: firstMs, endMs: lastMs, timezone } = event;
        return [{ table: sessionTable.name, userId, eventId, firstMs, lastMs, timezone, recordTimeMs }];
      }
      case 'check-in': {
        const { checkInId: eventId, atMs, timezone } = event;
        return [{ table: checkInTable.name, userId, eventId, firstMs: atMs, lastMs: atMs, timezone, recordTimeMs }];
      }
      default:
        return [];
    }
  });
  await client.query(REMEMBER, [
    textArray(losers.map(({ table }) => table)),
    textArray(losers.map(({ userId }) => userId)),
    textArray(losers.map(({ eventId }) => eventId)),
    timestamptzArray(losers.map(({ firstMs }) => firstMs)),
    timestamptzArray(losers.map(({ lastMs }) => lastMs)),
    textArray(losers.map(({ timezone }) => timezone)),
    timestamptzArray(losers.map(({ recordTimeMs }) => recordTimeMs)),
  ]);
}

/**
 * Of two events of one identity the first *committed* is kept, which a replay cannot know: partitions were interleaved otherwise.
 * What the live table keeps counts, unless it was erased or retracted.
 */
function takeLiveWinners({ name, idColumn, instants }: EventColumns): string {
  const columns = instants.map(({ column }) => column);
  const content = [...columns, 'timezone'];
  const [first, last] = [columns[0], columns.at(-1)];
  const ofAll = (row: string) => `(${content.map((column) => `${row}.${column}`).join(', ')})`;
  const wasRetracted =
    name === sessionTable.name
      ? 'EXISTS (SELECT FROM rebuild.retracted_sessions r WHERE r.user_id = c.user_id AND r.session_id = c.event_id)'
      : 'false';
  return `
    INSERT INTO rebuild.${name} AS f (user_id, ${idColumn}, ${content.join(', ')}, record_time)
    SELECT l.user_id, l.${idColumn}, ${content.map((column) => `l.${column}`).join(', ')}, c.record_time
    FROM rebuild.conflicts c JOIN public.${name} l ON l.user_id = c.user_id AND l.${idColumn} = c.event_id
      AND l.${first} = c.first_time AND l.${last} = c.last_time AND l.timezone = c.timezone
    WHERE c.of_table = '${name}' AND NOT ${wasRetracted}
      AND NOT EXISTS (SELECT FROM rebuild.special_users s WHERE s.user_id = c.user_id AND s.erased_at >= c.record_time)
    ON CONFLICT (user_id, ${idColumn}) DO UPDATE SET
      ${[...content, 'record_time'].map((column) => `${column} = excluded.${column}`).join(', ')}
    WHERE ${ofAll('f')} IS DISTINCT FROM ${ofAll('excluded')}
    RETURNING f.user_id`;
}

const TAKE_LIVE_WINNERS = [sessionTable, checkInTable].map(takeLiveWinners);

/** Where the live tables kept another of two conflicting events that are both in the log, the fresh ones follow. Returns how many. */
export async function settleConflicts(client: ClientBase, targets: DefaultTargets): Promise<number> {
  const moved: string[] = [];
  for (const statement of TAKE_LIVE_WINNERS) {
    const { rows } = await client.query<{ user_id: string }>(statement);
    for (const { user_id } of rows) moved.push(user_id);
  }
  await recountFresh(client, [...new Set(moved)].sort(compareUtf8), targets);
  return moved.length;
}
