import type { Queryable } from '@streaks/exactly-once/sql/progress';
import { formatJson, formatTable } from '../command-line/table';
import { conditionOf, type Selection } from './selection';

interface ReasonCount {
  readonly reason: string;
  readonly new: bigint;
  readonly replayed: bigint;
  readonly oldest: Date;
  readonly newest: Date;
}

interface ListedRow {
  readonly topic: string;
  readonly topic_id: string;
  readonly partition: number;
  readonly offset: string;
  readonly reason: string;
  readonly user_id: string | null;
  readonly event_id: string | null;
  readonly detail: string;
  readonly status: string;
  readonly first_seen: Date;
}

export interface DeadLetterList {
  readonly reasons: readonly ReasonCount[];
  /** The newest of them. */
  readonly rows: readonly ListedRow[];
}

const MAX_DETAIL_CHARACTERS = 60;

export async function listDeadLetters(store: Queryable, selection: Selection, limit: number): Promise<DeadLetterList> {
  const { text, values } = conditionOf(selection);
  const counted = await store.query<{ reason: string; new: string; replayed: string; oldest: Date; newest: Date }>(
    `SELECT d.reason, count(*) FILTER (WHERE d.status = 'new') AS new, count(*) FILTER (WHERE d.status = 'replayed') AS replayed,
       min(d.first_seen) AS oldest, max(d.first_seen) AS newest
     FROM dead_letters d WHERE ${text} GROUP BY d.reason ORDER BY count(*) DESC, d.reason`,
    [...values],
  );
  const listed = await store.query<ListedRow>(
    `SELECT d.topic, d.topic_id, d.partition, d."offset", d.reason, d.user_id, d.event_id, d.detail, d.status, d.first_seen
     FROM dead_letters d WHERE ${text}
     ORDER BY d.first_seen DESC, d.topic_id, d.partition, d."offset" DESC LIMIT $${values.length + 1}`,
    [...values, limit],
  );
  const reasons = counted.rows.map((row) => ({ ...row, new: BigInt(row.new), replayed: BigInt(row.replayed) }));
  return { reasons, rows: listed.rows };
}

export function formatList({ reasons, rows }: DeadLetterList): string {
  if (reasons.length === 0) return 'No dead letters.';
  const total = reasons.reduce((sum, { new: fresh, replayed }) => sum + fresh + replayed, 0n);
  return [
    formatTable(
      ['reason', 'new', 'replayed', 'first seen', 'last seen'],
      reasons.map((r) => [r.reason, r.new, r.replayed, r.oldest.toISOString(), r.newest.toISOString()]),
    ),
    '',
    `The newest ${rows.length} of ${total}:`,
    formatTable(
      ['topic', 'partition', 'offset', 'reason', 'status', 'user', 'event', 'first seen', 'detail'],
      rows.map((row) => [
        row.topic,
        row.partition,
        BigInt(row.offset),
        row.reason,
        row.status,
        row.user_id,
        row.event_id,
        row.first_seen.toISOString(),
        row.detail.length > MAX_DETAIL_CHARACTERS ? `${row.detail.slice(0, MAX_DETAIL_CHARACTERS)}...` : row.detail,
      ]),
    ),
  ].join('\n');
}

export const formatListAsJson = (list: DeadLetterList): string => formatJson(list);
