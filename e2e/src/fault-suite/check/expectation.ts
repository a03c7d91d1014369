import { type ReferenceSession, type ReferenceUser, referenceFold } from '@streaks/testing/reference-fold';
import { type Chunk, type ChunkOptions, generateChunks } from '../input/generate-chunks';

/** How many dead letters of one kind there must be; more than one number where a chunk had to be sent again. */
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
  /** How often a chunk was sent, where that is more than once. */
  readonly repeats: ReadonlyMap<number, number>;
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

/** Makes the input once more and folds it. */
export function expectationOf({ options, chunks, repeats, targetMs = DEFAULT_TARGET_MS }: SentInput): Expectation {
  const sessions = new Map<string, ReferenceSession>();
  const letters = new Map<string, ExpectedLetters>();
  let events = 0;
  for (const chunk of committedChunks(options, chunks)) {
    const most = repeats.get(chunk.index) ?? 1;
    events += chunk.events.length;
    for (const event of chunk.events) {
      if (event.kind === 'session' || event.kind === 'repeat') {
        const key = sessionKey(event.session);
        if (!sessions.has(key)) sessions.set(key, event.session);
        continue;
      }
      const ids =
        event.kind === 'bad'
          ? { reason: event.reason, key: event.key, userId: null, eventId: null }
          : { reason: SESSION_CONFLICT, key: null, userId: event.session.userId, eventId: event.session.sessionId };
      const found = letters.get(letterKey(ids)) ?? { least: 0, most: 0 };
      letters.set(letterKey(ids), { least: found.least + 1, most: found.most + most });
    }
  }
  return { sessions, users: referenceFold(sessions.values(), targetMs), letters, events };
}

function* committedChunks(options: ChunkOptions, count: number): Generator<Chunk> {
  const source = generateChunks(options);
  for (let index = 0; index < count; index += 1) {
    const chunk = source.next().value;
    if (chunk.mode !== 'aborted') yield chunk;
  }
}
