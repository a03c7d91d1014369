import type { InputTopic } from '../input/input-event';
import { PLACE_HEADER, placeText } from '../input/to-messages';
import type { LogPlace } from './collected-run';
import { readTopic } from './read-topic';

/** Where a record lies, and the time that the broker gave it. */
export interface SentPlace extends LogPlace {
  readonly recordTimeMs: number;
}

/**
 * The input as the log has it. Asked of the log, and not of the sender: one that got no acknowledgement has sent again, and only the log knows whether the
 * first attempt is there too, and when each was recorded, which decides what an erasure reaches.
 */
export interface SentLog {
  /** Of the event at a place in the input; none where the log does not have it. */
  places(chunk: number, index: number): readonly SentPlace[];
  recordTimeMs(place: LogPlace): number | undefined;
}

const NOWHERE: readonly SentPlace[] = [];
const textOf = ({ topic, partition, offset }: LogPlace): string => `${topic}/${partition}/${offset}`;

export function createSentLog(records: Iterable<readonly [place: string, sent: SentPlace]>): SentLog {
  const byPlace = new Map<string, SentPlace[]>();
  const times = new Map<string, number>();
  for (const [place, sent] of records) {
    const known = byPlace.get(place);
    if (known === undefined) byPlace.set(place, [sent]);
    else known.push(sent);
    times.set(textOf(sent), sent.recordTimeMs);
  }
  return {
    places: (chunk, index) => byPlace.get(placeText(chunk, index)) ?? NOWHERE,
    recordTimeMs: (place) => times.get(textOf(place)),
  };
}

/** Reads all committed records of the input topics. */
export async function readSentLog(
  brokers: readonly string[],
  topics: Readonly<Record<InputTopic, string>>,
): Promise<SentLog> {
  const records: [string, SentPlace][] = [];
  for (const topic of Object.values(topics)) {
    await readTopic({ brokers, topic }, (partition, { offset, timestamp, headers }) => {
      const place = headers?.[PLACE_HEADER]?.toString();
      if (place !== undefined) records.push([place, { topic, partition, offset, recordTimeMs: Number(timestamp) }]);
    });
  }
  return createSentLog(records);
}
