import { deadLetterHeaderPrefix, deadLetterHeaders, type RecordHeaders } from '../headers';

export type HeaderValue = Buffer | string;

/** A record that could not be applied, as a table or the memory holds it. */
export interface DeadLetter {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly reason: string;
  readonly detail: string;
  readonly firstSeenMs: number;
  readonly userId: string | undefined;
  readonly eventId: string | undefined;
  /** The original ones. */
  readonly headers: Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>>;
}

/** With the original bytes and headers a dead letter must stay within the 64 KiB that its topic allows beyond the input's limit. */
const MAX_DETAIL_CHARACTERS = 1_000;
/** As the table keeps them. */
const MAX_ID_CHARACTERS = 200;

/**
 * Headers of a record of `dead-letters`: the original ones and ours, as text. Original ones under our names are left out:
 * they tell of an earlier failure of a record that was replayed. In the order of their names, as the table keeps none. The same whether the letter comes from memory or was stored,
 * where text lost its NULs and lone surrogates.
 */
export function deadLetterRecordHeaders(letter: DeadLetter): RecordHeaders {
  const headers: HeaderValue[] = [];
  const original = Object.entries(letter.headers).map(([name, value]) => [storable(name), value] as const);
  for (const [name, value] of original.sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (value === undefined || name.startsWith(deadLetterHeaderPrefix)) continue;
    for (const one of isList(value) ? value : [value]) headers.push(name, Buffer.from(one));
  }
  headers.push(deadLetterHeaders.reason, letter.reason);
  headers.push(deadLetterHeaders.detail, storable(letter.detail, MAX_DETAIL_CHARACTERS));
  headers.push(deadLetterHeaders.topic, letter.topic);
  headers.push(deadLetterHeaders.topicId, letter.topicId);
  headers.push(deadLetterHeaders.partition, String(letter.partition));
  headers.push(deadLetterHeaders.offset, letter.offset.toString());
  headers.push(deadLetterHeaders.firstSeen, new Date(letter.firstSeenMs).toISOString());
  if (letter.userId !== undefined) headers.push(deadLetterHeaders.userId, storable(letter.userId, MAX_ID_CHARACTERS));
  if (letter.eventId !== undefined) {
    headers.push(deadLetterHeaders.eventId, storable(letter.eventId, MAX_ID_CHARACTERS));
  }
  return headers;
}

/** What Postgres text can hold, so that a stored letter gives the same header. Cut first: the cut may part a pair. */
const storable = (text: string, maxCharacters = text.length): string =>
  text.slice(0, maxCharacters).toWellFormed().replaceAll('\u0000', '\uFFFD');

const isList = <T>(value: T | readonly T[] | undefined): value is readonly T[] => Array.isArray(value);
