import { copyIn } from '@streaks/exactly-once/binary/copy-in';
import { createCopyRows, uuidBytes } from '@streaks/exactly-once/binary/copy-rows';
import type { NumberedChange } from '@streaks/exactly-once/projection';
import type { ClientBase } from 'pg';
import type { StreakChange } from '../streak-change';

const COPY = `COPY streak_history (shard, out_seq, user_id, rule_id, version, change_type, qualified_date,
    current_before, current_after, longest_before, longest_after, qualified_days_before, qualified_days_after,
    last_qualified_before, last_qualified_after, timezone, generation, topic_id, partition, "offset", request_id)
  FROM STDIN (FORMAT binary)`;
const COLUMNS = 21;
const EXPECTED_ROW_BYTES = 280;

/** Appends the changes to `streak_history` under the numbers that they were given; the time is the transaction's. */
export async function saveHistory(
  client: ClientBase,
  generation: bigint,
  changes: readonly NumberedChange<StreakChange>[],
): Promise<void> {
  const rows = createCopyRows(COLUMNS, changes.length * EXPECTED_ROW_BYTES);
  const topicIds = new Map<string, Buffer>();
  const topicIdBytes = (topicId: string): Buffer => {
    const known = topicIds.get(topicId);
    if (known !== undefined) return known;
    const bytes = uuidBytes(topicId);
    topicIds.set(topicId, bytes);
    return bytes;
  };
  for (const { shard, seq, change } of changes) {
    const { summaryBefore: before, summaryAfter: after } = change;
    rows.row();
    rows.int4(shard);
    rows.bigint(seq);
    rows.text(change.userId);
    rows.text(change.ruleId);
    rows.int8(change.version);
    rows.text(change.changeType);
    rows.date(change.qualifiedDate);
    rows.int4(before.currentRunLength);
    rows.int4(after.currentRunLength);
    rows.int4(before.longest);
    rows.int4(after.longest);
    rows.int4(before.qualifiedDaysCount);
    rows.int4(after.qualifiedDaysCount);
    rows.date(before.lastQualifiedDate);
    rows.date(after.lastQualifiedDate);
    rows.text(change.after.timezone);
    rows.bigint(generation);
    rows.uuid(topicIdBytes(change.source.topicId));
    rows.int4(change.source.partition);
    rows.bigint(change.source.offset);
    rows.text(change.requestId);
  }
  await copyIn(client, COPY, rows.finish());
}
