import { type ReferenceSession, type ReferenceUser, referenceFold } from '@streaks/testing/reference-fold';
import { type Chunk, type ChunkOptions, generateChunks, type InputEvent } from '../input/generate-chunks';

/** How many dead letters of one kind there must be. */
export interface ExpectedLetters {
  readonly least: number;
  readonly most: number;
}

/** What must be there when `chunks` chunks of that input have been applied, by the reference and not by the product. */
export interface Expectation {
  readonly sessions: ReadonlyMap<string, ReferenceSession>;
  readonly users: ReadonlyMap<string, ReferenceUser>;
  /** By `letterKey`. */
  readonly letters: ReadonlyMap<string, ExpectedLetters>;
  /** Records that were sent for good. */
  readonly events: number;
}

export interface SentInput {
  readonly options: ChunkOptions;
  readonly chunks: number;
  /** Records in the log that must become dead letters, by `letterKey`: `readSentLetters`. */
  readonly inLog: ReadonlyMap<string, number>;
  /** Length of a local day's total that qualifies it. */
  readonly targetMs?: number;
}

export const sessionKey = ({ userId, sessionId }: Pick<ReferenceSession, 'userId' | 'sessionId'>): string =>
  `${userId} ${sessionId}`;

/** Tells one expected dead letter from another: bad records by their key, contradictions by the session's identity. */
export const letterKey = (letter: {
  readonly reason: string;
  readonly key: string | null;
  readonly userId: string | null;
  readonly eventId: string | null;
}): string =>
  letter.reason === SESSION_CONFLICT
    ? `${SESSION_CONFLICT} ${letter.userId} ${letter.eventId}`
    : `${letter.reason} ${letter.key}`;

const SESSION_CONFLICT = 'SESSION_CONFLICT';
const DEFAULT_TARGET_MS = 1_800_000;

/** The dead letter that a record must become; undefined for one that is to be applied. */
export function letterKeyOf(event: InputEvent): string | undefined {
  if (event.kind === 'bad') {
    return letterKey({ reason: event.reason, key: event.key, userId: null, eventId: null });
  }
  if (event.kind !== 'conflict') return undefined;
  const { userId, sessionId } = event.session;
  return letterKey({ reason: SESSION_CONFLICT, key: null, userId, eventId: sessionId });
}

/**
 * Makes the input once more and folds it.
 * @throws when the log lacks a record that was sent: then the sender is at fault and not the product
 */
export function expectationOf({ options, chunks, inLog, targetMs = DEFAULT_TARGET_MS }: SentInput): Expectation {
  const sessions = new Map<string, ReferenceSession>();
  const sentLetters = new Map<string, number>();
  let events = 0;
  for (const chunk of committedChunks(options, chunks)) {
    events += chunk.events.length;
    for (const event of chunk.events) {
      const letter = letterKeyOf(event);
      if (letter !== undefined) sentLetters.set(letter, (sentLetters.get(letter) ?? 0) + 1);
      else if (event.kind !== 'bad' && !sessions.has(sessionKey(event.session))) {
        sessions.set(sessionKey(event.session), event.session);
      }
    }
  }
  for (const [letter, sent] of sentLetters) {
    if ((inLog.get(letter) ?? 0) < sent) throw new Error(`the log has fewer than ${sent} records of ${letter}`);
  }
  const letters = new Map([...inLog].map(([letter, count]) => [letter, { least: count, most: count }]));
  return { sessions, users: referenceFold(sessions.values(), targetMs), letters, events };
}

function* committedChunks(options: ChunkOptions, count: number): Generator<Chunk> {
  const source = generateChunks(options);
  for (let index = 0; index < count; index += 1) {
    const chunk = source.next().value;
    if (chunk.mode !== 'aborted') yield chunk;
  }
}
