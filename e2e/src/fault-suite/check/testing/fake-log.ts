import { userOf } from '@streaks/testing/reference/reference-event';
import { generateChunks } from '../../input/generate-chunks';
import { type ChunkOptions, type InputEvent, topicOf } from '../../input/input-event';
import { placeText } from '../../input/to-messages';
import { createSentLog, type SentLog, type SentPlace } from '../read-sent-log';

export interface FakeLog extends SentLog {
  /** Of the user's records, in the order of sending; an erasure is told apart. */
  readonly recordsOf: ReadonlyMap<string, readonly { readonly place: SentPlace; readonly isErasure: boolean }[]>;
}

const FIRST_RECORD_MS = 1_800_000_000_000;
/** A chunk whose acknowledgement was lost is sent again. */
const RESEND_EVERY = 17;

/** The input as a log would have it: each chunk at an instant of its own, some of them twice. */
export function createFakeLog(options: ChunkOptions, chunks: number): FakeLog {
  const records: [string, SentPlace][] = [];
  const recordsOf = new Map<string, { place: SentPlace; isErasure: boolean }[]>();
  const ends = new Map<string, number>();
  const source = generateChunks(options);
  let nowMs = FIRST_RECORD_MS;
  const append = (input: InputEvent, place: string): void => {
    const topic = topicOf(input);
    const { partition } = input;
    const offset = ends.get(`${topic}/${partition}`) ?? 0;
    ends.set(`${topic}/${partition}`, offset + 1);
    const sent = { topic, partition, offset: String(offset), recordTimeMs: nowMs };
    records.push([place, sent]);
    if (input.kind === 'bad') return;
    const { event } = input;
    if (event.kind === 'organisation' || event.kind === 'friendship') return;
    const theirs = recordsOf.get(userOf(event)) ?? [];
    recordsOf.set(userOf(event), theirs);
    theirs.push({ place: sent, isErasure: event.kind === 'erasure' });
  };
  for (let count = 0; count < chunks; count += 1) {
    const { index, mode, events } = source.next().value;
    if (mode === 'aborted') continue;
    for (let times = index % RESEND_EVERY === 0 ? 2 : 1; times > 0; times -= 1) {
      nowMs += 7;
      for (const [place, event] of events.entries()) append(event, placeText(index, place));
    }
  }
  return { ...createSentLog(records), recordsOf };
}
