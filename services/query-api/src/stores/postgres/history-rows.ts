import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { RuleId } from '@streaks/shared/domain/rules';
import type { HistoryNews, HistoryPosition, ReadModel, StreakChange } from '../read-model';
import { dayColumn, instantColumn, type PostgresQuery } from './postgres-query';

/** `request_id` is what any producer sent: no more of it is read than is published. */
const COLUMNS = `
  h.rule_id, h.version::text AS version, h.change_type, ${dayColumn('h.qualified_date')} AS qualified_date,
  h.current_before, h.current_after, h.longest_before, h.longest_after, h.qualified_days_before, h.qualified_days_after,
  ${dayColumn('h.last_qualified_before')} AS last_qualified_before,
  ${dayColumn('h.last_qualified_after')} AS last_qualified_after,
  h.timezone, left(h.request_id, 1000) AS request_id, h.topic_id, h.partition, h."offset"::text AS "offset",
  ${instantColumn('h.recorded_at')} AS recorded_at_ms, h.event_id`;

export const READ_HISTORY = `
  SELECT ${COLUMNS} FROM streak_history h
   WHERE h.user_id = $1 AND h.rule_id = $2 AND h.version < coalesce($3::bigint, 9223372036854775807)
   ORDER BY h.version DESC
   LIMIT $4`;

/**
 * The states say whose history has grown, so that only theirs is searched: each of its partitions is asked. One statement
 * sees states and history of one moment.
 */
export const READ_NEWS = `
  SELECT p.place, coalesce(s.version, 0)::text AS current_version, h.*
    FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS p (user_id, rule_id, version, place)
    LEFT JOIN user_streaks s ON s.user_id = p.user_id AND s.rule_id = p.rule_id
    LEFT JOIN LATERAL (
      SELECT ${COLUMNS} FROM streak_history h
       WHERE h.user_id = p.user_id AND h.rule_id = p.rule_id AND h.version > p.version
       ORDER BY h.version
       LIMIT $4
    ) h ON true
   WHERE coalesce(s.version, 0) <> p.version
   ORDER BY p.place, h.version::bigint`;

type HistoryRow = {
  rule_id: RuleId;
  version: string;
  change_type: StreakChange['changeType'];
  qualified_date: LocalDay | null;
  current_before: number;
  current_after: number;
  longest_before: number;
  longest_after: number;
  qualified_days_before: number;
  qualified_days_after: number;
  last_qualified_before: LocalDay | null;
  last_qualified_after: LocalDay | null;
  timezone: string | null;
  request_id: string | null;
  topic_id: string;
  partition: number;
  offset: string;
  recorded_at_ms: string;
  event_id: string;
};
/** All columns of history are null where a position has no rows above it. */
type NewsRow = { place: string; current_version: string } & (HistoryRow | { version: null });

export function createHistoryRows(query: PostgresQuery): Pick<ReadModel, 'readHistory' | 'readNews'> {
  return {
    async readHistory(userId, ruleId, belowVersion, limit) {
      const values = [userId, ruleId, belowVersion, limit];
      return (await query<HistoryRow>('read_history', READ_HISTORY, values)).map(toChange);
    },
    async readNews(positions, limit) {
      const values = [
        positions.map(({ userId }) => userId),
        positions.map(({ ruleId }) => ruleId),
        positions.map(({ version }) => version),
        limit,
      ];
      return toNews(await query<NewsRow>('read_news', READ_NEWS, values), positions);
    },
  };
}

function toNews(rows: readonly NewsRow[], positions: readonly HistoryPosition[]): readonly HistoryNews[] {
  const news = new Map<string, HistoryNews & { readonly changes: StreakChange[] }>();
  for (const row of rows) {
    const position = positions[Number(row.place) - 1];
    if (position === undefined) {
      continue;
    }
    let found = news.get(row.place);
    if (found === undefined) {
      found = { position, currentVersion: Number(row.current_version), changes: [] };
      news.set(row.place, found);
    }
    if (row.version !== null) {
      found.changes.push(toChange(row));
    }
  }
  return [...news.values()];
}

/** Versions and offsets are far below 2^53. */
function toChange(row: HistoryRow): StreakChange {
  return {
    ruleId: row.rule_id,
    version: Number(row.version),
    changeType: row.change_type,
    qualifiedDate: row.qualified_date,
    before: {
      currentStreak: row.current_before,
      longestStreak: row.longest_before,
      qualifiedDaysCount: row.qualified_days_before,
      lastQualifiedDate: row.last_qualified_before,
    },
    after: {
      currentStreak: row.current_after,
      longestStreak: row.longest_after,
      qualifiedDaysCount: row.qualified_days_after,
      lastQualifiedDate: row.last_qualified_after,
    },
    timezone: row.timezone,
    requestId: row.request_id,
    source: { topicId: row.topic_id, partition: row.partition, offset: Number(row.offset) },
    recordedAtMs: Number(row.recorded_at_ms),
    eventId: row.event_id,
  };
}
