import type { StreakChanged } from '@streaks/shared/contracts/output/streak-changed';
import type { UserStreak } from '@streaks/shared/contracts/output/user-streak';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { Bridging } from '@streaks/shared/domain/streaks/bridging';
import type { ChangeType } from '@streaks/shared/domain/streaks/change-type';
import { parseRuns } from '@streaks/shared/postgres/multirange';
import type { Pool } from 'pg';

/** Numbers of a shard: above `afterSeq`, up to `untilSeq`. */
export interface SeqRange {
  readonly shard: number;
  readonly afterSeq: bigint;
  readonly untilSeq: bigint;
  readonly limit: number;
}

export interface HistoryRow {
  readonly seq: bigint;
  readonly change: Omit<StreakChanged, 'eventId'>;
}

/** In the order of the columns below; bigints and uuids come as text, days since 1970 as numbers. */
type Row = [
  seq: string,
  userId: string,
  ruleId: string,
  version: string,
  changeType: ChangeType,
  qualifiedDate: LocalDay | null,
  currentBefore: number,
  currentAfter: number,
  longestBefore: number,
  longestAfter: number,
  qualifiedDaysBefore: number,
  qualifiedDaysAfter: number,
  lastQualifiedBefore: LocalDay | null,
  lastQualifiedAfter: LocalDay | null,
  timezone: string | null,
  generation: string,
  recordedAtMs: string,
  topicId: string,
  partition: number,
  offset: string,
  requestId: string | null,
];

/** `request_id` is what any producer sent: no more of it is read than is published. */
export const HISTORY_PAGE = `SELECT out_seq, user_id, rule_id, version, change_type, qualified_date - DATE '1970-01-01',
    current_before, current_after, longest_before, longest_after, qualified_days_before, qualified_days_after,
    last_qualified_before - DATE '1970-01-01', last_qualified_after - DATE '1970-01-01', timezone, generation,
    floor(extract(epoch FROM recorded_at) * 1000)::bigint, topic_id, partition, "offset", left(request_id, 1000)
  FROM streak_history WHERE shard = $1 AND out_seq > $2 AND out_seq <= $3 ORDER BY out_seq LIMIT $4`;

/** The next changes of a shard, in number order. */
export async function readHistory(pool: Pool, range: SeqRange): Promise<HistoryRow[]> {
  const { rows } = await pool.query<Row>({
    name: 'streaks_output_history',
    text: HISTORY_PAGE,
    rowMode: 'array',
    values: [range.shard, range.afterSeq.toString(), range.untilSeq.toString(), range.limit],
  });
  return rows.map(toHistoryRow);
}

function toHistoryRow(row: Row): HistoryRow {
  const [
    seq,
    userId,
    ruleId,
    version,
    changeType,
    qualifiedDate,
    currentBefore,
    currentAfter,
    longestBefore,
    longestAfter,
    qualifiedDaysBefore,
    qualifiedDaysAfter,
    lastQualifiedBefore,
    lastQualifiedAfter,
    timezone,
    generation,
    recordedAtMs,
    topicId,
    partition,
    offset,
    requestId,
  ] = row;
  return {
    seq: BigInt(seq),
    change: {
      userId,
      ruleId,
      version: Number(version), // counted in JavaScript too: far below 2^53
      changeType,
      qualifiedDate,
      currentBefore,
      currentAfter,
      longestBefore,
      longestAfter,
      qualifiedDaysBefore,
      qualifiedDaysAfter,
      lastQualifiedBefore,
      lastQualifiedAfter,
      timezone,
      generation: BigInt(generation),
      recordedAtMs: Number(recordedAtMs),
      source: { topicId, partition, offset: BigInt(offset) },
      requestId,
    },
  };
}

interface StateRow {
  readonly seq: string;
  readonly runs: string;
  readonly timezone: string | null;
  readonly version: string;
  readonly updated_at_ms: string;
  readonly bridging: Bridging | null;
}

export const STATES = `SELECT k.seq, s.runs::text AS runs, s.timezone, s.version::text AS version,
    floor(extract(epoch FROM s.updated_at) * 1000)::bigint::text AS updated_at_ms, s.bridging
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS k(user_id, rule_id, version, seq)
  JOIN user_streaks s ON s.user_id = k.user_id AND s.rule_id = k.rule_id AND s.version = k.version`;

/** The states that these changes led to, by their numbers; without those that have changed again since. */
export async function readStates(pool: Pool, changes: readonly HistoryRow[]): Promise<ReadonlyMap<bigint, UserStreak>> {
  if (changes.length === 0) return new Map();
  const { rows } = await pool.query<StateRow>({
    name: 'streaks_output_states',
    text: STATES,
    values: [
      changes.map(({ change }) => change.userId),
      changes.map(({ change }) => change.ruleId),
      changes.map(({ change }) => change.version),
      changes.map(({ seq }) => seq.toString()),
    ],
  });
  const bySeq = new Map(changes.map(({ seq, change }) => [seq, change]));
  return new Map(
    rows.flatMap((row): [bigint, UserStreak][] => {
      const seq = BigInt(row.seq);
      const change = bySeq.get(seq);
      if (change === undefined) return [];
      const { userId, ruleId, generation, recordedAtMs } = change;
      const state = {
        runs: parseRuns(row.runs),
        timezone: row.timezone,
        version: Number(row.version),
        updatedAtMs: Number(row.updated_at_ms),
        ...(row.bridging === null ? {} : { bridging: row.bridging }),
      };
      // Stored in the transaction that stored its change.
      return [[seq, { userId, ruleId, generation, state, updatedAtMs: recordedAtMs }]];
    }),
  );
}
