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

/** The value of a header as text: the first one if it was given several times, undefined if it is not there. */
export function headerText(
  headers: Readonly<Record<string, Buffer | string | readonly (Buffer | string)[] | undefined>> | undefined,
  name: string,
): string | undefined {
  const value = headers?.[name];
  const first = typeof value === 'object' && !Buffer.isBuffer(value) ? value[0] : value;
  return first === undefined || first === null ? undefined : first.toString();
}
