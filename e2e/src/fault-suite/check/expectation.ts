import type { ReferenceRecord } from '@streaks/testing/reference/reference-event';
import { type ReferenceWorld, referenceLog } from '@streaks/testing/reference/reference-log';
import type { ReferenceTargets } from '@streaks/testing/reference/reference-streak';
import { generateChunks } from '../input/generate-chunks';
import { type BadRecord, type Chunk, type ChunkOptions, type InputEvent, topicOf } from '../input/input-event';
import type { LogPlace } from './collected-run';
import type { SentLog, SentPlace } from './read-sent-log';

/** How many dead letters of one kind there must be. */
export interface ExpectedLetters {
  readonly least: number;
  readonly most: number;
  /** Where their numbers are, of so many shards; absent where no erasure takes them. */
  readonly shardOf?: (shards: number) => number;
}

/** What must be there when all of some input has been applied, by the reference and not by the product. */
export interface Expectation {
  readonly world: ReferenceWorld;
  /** By `letterKey`. */
  readonly letters: ReadonlyMap<string, ExpectedLetters>;
  /** Tells one dead letter from another. */
  readonly letterKey: (letter: LetterIdentity) => string;
  /** Records that were sent for good. */
  readonly events: number;
  /** When a record was recorded; undefined where that was not read back. */
  readonly recordTimeMs: ((place: LogPlace) => number | undefined) | undefined;
  /** The topic of organisations, where any of its records was sent. */
  readonly organisationTopic: string | undefined;
}

export interface LetterIdentity extends LogPlace {
  readonly reason: string;
  readonly key: string | null;
  readonly userId: string | null;
  readonly eventId: string | null;
}

export interface SentInput {
  readonly options: ChunkOptions;
  readonly chunks: number;
  readonly log: SentLog;
}

export const REFERENCE_TARGETS: ReferenceTargets = { focus: 1_800_000, activity: 1 };

/** By its place in the log: there is one letter of a record, whatever became of its user. */
export const letterAt = ({ topic, partition, offset, reason }: LogPlace & { readonly reason: string }): string =>
  `${reason} of ${topic}/${partition}/${offset}`;

/**
 * Makes the input once more and folds it with the times that the log has.
 * @throws when the log lacks a record that was sent: then the sender is at fault and not the product
 */
export function expectationOf({ options, chunks, log }: SentInput): Expectation {
  const records: ReferenceRecord[] = [];
  const bad: { readonly event: BadRecord; readonly place: SentPlace }[] = [];
  const letters = new Map<string, ExpectedLetters>();
  let events = 0;
  let organisationTopic: string | undefined;
  for (const chunk of committedChunks(options, chunks)) {
    events += chunk.events.length;
    for (const [index, event] of chunk.events.entries()) {
      const places = log.places(chunk.index, index);
      if (places.length === 0) throw new Error(`the log has no record of event ${index} of chunk ${chunk.index}`);
      if (topicOf(event) === 'organisations') organisationTopic = places[0]?.topic;
      for (const place of places) {
        if (event.kind === 'bad') bad.push({ event, place });
        else if (event.kind === 'conflict') letters.set(letterAt({ ...place, reason: conflictOf(event) }), ONE);
        else records.push({ event: event.event, recordTimeMs: place.recordTimeMs });
      }
    }
  }
  const world = referenceLog(records, REFERENCE_TARGETS);
  for (const { event, place } of bad) {
    const erasedAtMs = world.users.get(event.userId ?? event.key)?.erasedAtMs ?? Number.NEGATIVE_INFINITY;
    letters.set(letterAt({ ...place, reason: event.reason }), lettersOf(place, erasedAtMs));
  }
  return { world, letters, letterKey: letterAt, events, recordTimeMs: log.recordTimeMs, organisationTopic };
}

const ONE: ExpectedLetters = { least: 1, most: 1 };

/** An erasure takes the letters of its user that were there; what came in with it, at the same instant, may be on either side of it. */
function lettersOf({ recordTimeMs, partition }: SentPlace, erasedAtMs: number): ExpectedLetters {
  if (recordTimeMs > erasedAtMs) return ONE;
  return { least: 0, most: recordTimeMs === erasedAtMs ? 1 : 0, shardOf: (shards) => partition % shards };
}

function conflictOf(event: Exclude<InputEvent, BadRecord>): string {
  if (topicOf(event) !== 'users') throw new Error('only records of users contradict each other');
  return event.event.kind === 'session' ? 'SESSION_CONFLICT' : 'CHECK_IN_CONFLICT';
}

function* committedChunks(options: ChunkOptions, count: number): Generator<Chunk> {
  const source = generateChunks(options);
  for (let index = 0; index < count; index += 1) {
    const chunk = source.next().value;
    if (chunk.mode !== 'aborted') yield chunk;
  }
}
