import type { OutputRecord } from '@streaks/exactly-once/publish/publication';
import { kafkaHeaders, streakHeaders } from '@streaks/shared/contracts/headers';
import { type DeadLetter, deadLetterRecordHeaders } from '@streaks/shared/contracts/output/dead-letter-record';
import {
  createStreakChangedEncoder,
  type StreakChanged,
  streakEventId,
} from '@streaks/shared/contracts/output/streak-changed';
import { createUserStreakEncoder, type UserStreak, userStreakKey } from '@streaks/shared/contracts/output/user-streak';
import type { ChangeType } from '@streaks/shared/domain/streaks/change-type';
import { createRecordBodyEncoder } from '@streaks/shared/kafka/record-format/record-body';

/** Where records go to, and under which schemas. Plain data, so that a worker thread can be told. */
export interface OutputPlaces {
  /** As many partitions as the outbox has shards: that of a record is its shard. */
  readonly streakChanges: string;
  /** The same. */
  readonly userStreaks: string;
  readonly deadLetters: string;
  readonly deadLetterPartitions: number;
  readonly streakChangedSchemaId: number;
  readonly userStreakSchemaId: number;
  /** That of the start, which rows are stored under; one that is read back has its own. */
  readonly generation: bigint;
}

/** A dead letter with the original bytes of its record. */
export interface DeadLetterRow extends DeadLetter {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

export interface OutputRecords {
  change(shard: number, seq: bigint, change: Omit<StreakChanged, 'eventId'>): OutputRecord;
  /** The state that a change of that type led to. That of an erasure has no value: compaction forgets the key. */
  state(shard: number, seq: bigint, state: UserStreak, changeType: ChangeType): OutputRecord;
  deadLetter(seq: bigint, letter: DeadLetterRow): OutputRecord;
}

/** A header of any producer's: only so much of it goes on. */
const MAX_REQUEST_ID_CHARACTERS = 200;

/** What rows of the outbox are in Kafka: the same bytes whether a row comes from memory or was read back. */
export function createOutputRecords(places: OutputPlaces): OutputRecords {
  const changes = createStreakChangedEncoder(places.streakChangedSchemaId);
  const states = createUserStreakEncoder(places.userStreakSchemaId);
  const encodeBody = createRecordBodyEncoder();
  return {
    change(shard, seq, change) {
      const eventId = streakEventId(change);
      const requestId = change.requestId === null ? null : shortRequestId(change.requestId);
      const headers = [
        streakHeaders.eventId,
        eventId,
        streakHeaders.version,
        String(change.version),
        streakHeaders.ruleId,
        change.ruleId,
      ];
      if (requestId !== null) headers.push(kafkaHeaders.requestId, requestId);
      return {
        seq,
        topic: places.streakChanges,
        partition: shard,
        body: encodeBody(change.userId, changes.encode(change, eventId, requestId), headers),
        isState: false,
      };
    },
    state: (shard, seq, state, changeType) => ({
      seq,
      topic: places.userStreaks,
      partition: shard,
      body: encodeBody(userStreakKey(state), changeType === 'USER_ERASED' ? null : states.encode(state), [
        streakHeaders.version,
        String(state.state.version),
      ]),
      isState: true,
    }),
    deadLetter: (seq, letter) => ({
      seq,
      topic: places.deadLetters,
      partition: letter.partition % places.deadLetterPartitions,
      body: encodeBody(letter.key, letter.value, deadLetterRecordHeaders(letter)),
      isState: false,
    }),
  };
}

/** Cut first: the cut may part a surrogate pair. */
const shortRequestId = (requestId: string): string =>
  requestId.length <= MAX_REQUEST_ID_CHARACTERS
    ? requestId
    : requestId.slice(0, MAX_REQUEST_ID_CHARACTERS).toWellFormed();
