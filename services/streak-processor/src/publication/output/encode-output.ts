import type { EncodeChanges, EncodeDeadLetter, OutputRecord } from '@streaks/exactly-once/publish/publication';
import type { StreakChange } from '../../projections/streaks/streak-change';
import { createOutputRecords, type OutputPlaces } from './output-records';

export interface OutputEncoder {
  readonly encode: EncodeChanges<StreakChange>;
  readonly encodeDeadLetter: EncodeDeadLetter;
}

/**
 * Rows to records as they were committed: each change, and behind a user's last one the state that it led to, which after an
 * erasure is none. States in between would not outlive the transaction that they are sent in.
 */
export function createOutputEncoder(places: OutputPlaces): OutputEncoder {
  const records = createOutputRecords(places);
  const { generation } = places;
  return {
    encode(shard, changes) {
      const output: OutputRecord[] = [];
      for (const { seq, recordedAtMs, change } of changes) {
        const { userId, ruleId, after, summaryBefore, summaryAfter } = change;
        output.push(
          records.change(shard, seq, {
            userId,
            ruleId,
            version: change.version,
            changeType: change.changeType,
            qualifiedDate: change.qualifiedDate,
            currentBefore: summaryBefore.currentRunLength,
            currentAfter: summaryAfter.currentRunLength,
            longestBefore: summaryBefore.longest,
            longestAfter: summaryAfter.longest,
            qualifiedDaysBefore: summaryBefore.qualifiedDaysCount,
            qualifiedDaysAfter: summaryAfter.qualifiedDaysCount,
            lastQualifiedBefore: summaryBefore.lastQualifiedDate,
            lastQualifiedAfter: summaryAfter.lastQualifiedDate,
            timezone: after.timezone,
            generation,
            recordedAtMs,
            source: change.source,
            requestId: change.requestId,
          }),
        );
        if (!change.isLast) continue;
        const state = { userId, ruleId, generation, state: after, updatedAtMs: recordedAtMs };
        output.push(records.state(shard, seq, state, change.changeType));
      }
      return output;
    },
    encodeDeadLetter: ({ seq, recordedAtMs, rejected: { source, rejection } }) => [
      records.deadLetter(seq, {
        topic: source.topic,
        topicId: source.topicId,
        partition: source.partition,
        offset: source.offset,
        key: source.key,
        value: source.value,
        headers: source.headers,
        reason: rejection.reason,
        detail: rejection.detail,
        userId: rejection.userId,
        eventId: rejection.eventId,
        firstSeenMs: recordedAtMs,
      }),
    ],
  };
}
