/**
 * Names of the Kafka record headers that we write and read. Values are UTF-8 text. Both are optional: a record of
 * another producer has neither.
 */
export const kafkaHeaders = {
  /** The correlation id of the HTTP request that led to the record; carried into logs and `streak_history`. */
  requestId: 'x-request-id',
  /** The Redis channel on which the caller of `Prefer: wait=N` listens for the outcome. */
  replyTo: 'x-reply-to',
} as const;

/** Headers of records of `streak-changes`, beside the request id; `version` stands on those of `user-streaks` too. */
export const streakHeaders = {
  eventId: 'event-id',
  /** Decimal digits. */
  version: 'version',
  ruleId: 'rule-id',
} as const;

export const deadLetterHeaderPrefix = 'x-dead-letter-';

/** Headers that a record of `dead-letters` has beside its original ones. The last two only where they are known. */
export const deadLetterHeaders = {
  /** Stable reason code, upper snake case. */
  reason: `${deadLetterHeaderPrefix}reason`,
  detail: `${deadLetterHeaderPrefix}detail`,
  topic: `${deadLetterHeaderPrefix}topic`,
  topicId: `${deadLetterHeaderPrefix}topic-id`,
  partition: `${deadLetterHeaderPrefix}partition`,
  offset: `${deadLetterHeaderPrefix}offset`,
  /** ISO 8601 in UTC, with milliseconds. */
  firstSeen: `${deadLetterHeaderPrefix}first-seen`,
  userId: `${deadLetterHeaderPrefix}user-id`,
  eventId: `${deadLetterHeaderPrefix}event-id`,
} as const;

/** The value of a header as text: the first one if it was given several times, undefined if it is not there. */
export function headerText(
  headers: Readonly<Record<string, Buffer | string | readonly (Buffer | string)[] | undefined>> | undefined,
  name: string,
): string | undefined {
  const value = headers?.[name];
  const first = typeof value === 'object' && !Buffer.isBuffer(value) ? value[0] : value;
  return first === undefined || first === null ? undefined : first.toString();
}

/** Names and values of headers in turn: name, value, name, value. A name may come again. */
export type RecordHeaders = readonly (string | Uint8Array)[];
