import type { Queryable } from '@streaks/exactly-once/sql/progress';
import { DEAD_LETTER_COLUMNS, type DeadLetter, type DeadLetterRow, type Position, toDeadLetter } from './dead-letter';
import type { Condition } from './selection';

export interface PageLimits {
  readonly rows: number;
  /** Of keys, values and headers together. One row larger than that comes alone. */
  readonly bytes: number;
}

const FIRST: Position = { topicId: '00000000-0000-0000-0000-000000000000', partition: -1, offset: -1n };

/**
 * The dead letters of a condition in the order of their positions, page by page: what is held at once is bounded by rows and
 * bytes, and rows that come or change meanwhile disturb nothing.
 */
export async function* readPages(
  store: Queryable,
  condition: Condition,
  limits: PageLimits,
): AsyncGenerator<readonly DeadLetter[]> {
  const next = condition.values.length + 1;
  const text = `SELECT ${DEAD_LETTER_COLUMNS} FROM (
      SELECT d.*, sum(${BYTES}) OVER (ORDER BY d.topic_id, d.partition, d."offset") - ${BYTES} AS bytes_before FROM (
        SELECT * FROM dead_letters d
        WHERE (${condition.text}) AND (d.topic_id, d.partition, d."offset") > ($${next}::uuid, $${next + 1}::int, $${next + 2}::bigint)
        ORDER BY d.topic_id, d.partition, d."offset" LIMIT $${next + 3}) d) d
    WHERE d.bytes_before < $${next + 4} ORDER BY d.topic_id, d.partition, d."offset"`;
  for (let after = FIRST; ; ) {
    const { rows } = await store.query<DeadLetterRow>(text, [
      ...condition.values,
      after.topicId,
      after.partition,
      String(after.offset),
      limits.rows,
      limits.bytes,
    ]);
    const page = rows.map(toDeadLetter);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = last;
  }
}

/** Lengths are known without reading what is stored out of line. */
const BYTES = 'coalesce(octet_length(d.key), 0) + coalesce(octet_length(d.value), 0) + pg_column_size(d.headers)';
