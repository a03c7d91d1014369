import type { ReferenceSession } from '@streaks/testing/reference-fold';
import { createRandom } from '../../load/random';
import { toJson } from '../../producers/session-producer';

export interface ChunkOptions {
  /** All that comes follows from it. */
  readonly seed: number;
  readonly users: number;
  /** Partitions of the input topic. */
  readonly partitions: number;
  readonly chunkEvents: number;
}

/** What the product must make of a record. */
export type InputEvent =
  | { readonly kind: 'session' | 'repeat' | 'conflict'; readonly partition: number; readonly session: ReferenceSession }
  | {
      readonly kind: 'bad';
      readonly partition: number;
      /** Of this record alone, so that its dead letter can be told from others. */
      readonly key: string;
      readonly value: Buffer | null;
      readonly reason: string;
    };

/** Records that are sent together. */
export interface Chunk {
  readonly index: number;
  /** `aborted`: in a transaction that is aborted; nothing of it may ever be seen. */
  readonly mode: 'idempotent' | 'committed' | 'aborted';
  readonly format: 'avro' | 'json';
  readonly events: readonly InputEvent[];
}

/** The user whose sessions alternate over all partitions. */
export const ALTERNATING_USER = 'alternating';

const DAY_MS = 86_400_000;
/** Through the changes of clocks in America, Europe and, the other way, Australia. */
const FIRST_MS = Date.parse('2025-03-01T00:00:00Z');
const ZONES = [
  'America/New_York',
  'Europe/London',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Antarctica/Troll',
  'Pacific/Kiritimati',
  'Africa/Casablanca',
] as const;

const SHARES = { bad: 0.004, conflict: 0.005, repeat: 0.03, late: 0.05, alternating: 0.01 };
/** Sessions that may be repeated or contradicted, and late ones not sent yet: all that is remembered. */
const RECENT = 4_000;
const HELD = 1_000;

/** A session and where it was first sent to: a contradiction in the same partition always comes after it. */
interface Sent {
  readonly partition: number;
  readonly session: ReferenceSession;
}

/**
 * Endless input, the same for the same seed, made in bounded memory: most users in one partition, one in fifty in any, one
 * alternating over all; repeats, contradictions (only where the first is sure to be applied first), late sessions, zones,
 * bad records, and chunks of upstream transactions, some of them aborted. A day of every user takes `users` records.
 */
export function* generateChunks(options: ChunkOptions): Generator<Chunk, never> {
  const random = createRandom(options.seed);
  const events = createEvents(options, random);
  for (let index = 0; ; index += 1) {
    const draw = random();
    const mode = draw < 0.1 ? 'aborted' : draw < 0.35 ? 'committed' : 'idempotent';
    const next = mode === 'aborted' ? () => events.decoy() : () => events.next();
    yield { index, mode, format: index % 2 === 0 ? 'avro' : 'json', events: times(options.chunkEvents, next) };
  }
}

const times = <T>(count: number, create: () => T): T[] => Array.from({ length: count }, create);

function createEvents({ users, partitions }: ChunkOptions, random: () => number) {
  const recent: Sent[] = [];
  const held: Sent[] = [];
  let born = 0;
  let bad = 0;
  let alternations = 0;
  const below = (count: number): number => Math.floor(random() * count);
  const pick = (from: readonly Sent[]): Sent | undefined => from[below(from.length)];

  const live = (prefix: string): Sent => {
    born += 1;
    const isAlternating = random() < SHARES.alternating;
    const user = below(random() < 0.2 ? Math.max(1, users / 20) : users);
    const isTravelling = user % 50 === 0 && random() < 0.3;
    const timezone = ZONES[(user + (isTravelling ? 1 + below(3) : 0)) % ZONES.length] ?? 'UTC';
    const startMs = Math.floor(FIRST_MS + (born / users) * DAY_MS + random() * 6 * 3_600_000);
    const endMs = startMs + 600_000 + below(2_400_000);
    const userId = isAlternating ? ALTERNATING_USER : `user-${user}`;
    if (isAlternating) alternations += 1;
    const partition = isAlternating ? alternations : user % 50 === 0 ? below(partitions) : user;
    return {
      partition: partition % partitions,
      session: { userId, sessionId: `${prefix}-${born}`, startMs, endMs, timezone },
    };
  };
  const remember = (sent: Sent): Sent => {
    if (recent.length < RECENT) recent.push(sent);
    else recent[below(RECENT)] = sent;
    return sent;
  };
  const nextSession = (): Sent => {
    const latest = live('session');
    if (random() >= SHARES.late) return latest;
    if (held.length < HELD) {
      held.push(latest);
      return live('session');
    }
    const place = below(HELD);
    const late = held[place] ?? latest;
    held[place] = latest;
    return late;
  };

  return {
    /** A session that must not be seen, of a user who exists: counted, it would make a total wrong. */
    decoy: (): InputEvent => ({ kind: 'session', ...live('aborted') }),
    next(): InputEvent {
      const draw = random();
      if (draw < SHARES.bad) {
        bad += 1;
        return { kind: 'bad', partition: below(partitions), key: `bad-${bad}`, ...badValue(bad) };
      }
      const known = draw < SHARES.bad + SHARES.conflict + SHARES.repeat ? pick(recent) : undefined;
      if (known === undefined) return { kind: 'session', ...remember(nextSession()) };
      if (draw < SHARES.bad + SHARES.conflict) {
        return { kind: 'conflict', ...known, session: { ...known.session, endMs: known.session.endMs + 60_000 } };
      }
      return { kind: 'repeat', ...known, partition: random() < 0.5 ? known.partition : below(partitions) };
    },
  };
}

/** One of each way to be no session, in turn. */
function badValue(count: number): { value: Buffer | null; reason: string } {
  const [startMs, endMs] = [FIRST_MS, FIRST_MS + 1_800_000];
  const session = { userId: 'user-1', sessionId: `bad-session-${count}`, startMs, endMs, timezone: 'Asia/Tokyo' };
  const kinds: readonly { value: Buffer | null; reason: string }[] = [
    { value: null, reason: 'NULL_VALUE' },
    { value: Buffer.from('neither Avro nor JSON'), reason: 'NOT_AVRO_OR_JSON' },
    { value: Buffer.from('{"sessionId":'), reason: 'MALFORMED_JSON' },
    { value: Buffer.from(toJson({ ...session, timezone: '+05:30' })), reason: 'INVALID_SESSION' },
    { value: Buffer.from(toJson({ ...session, endMs: startMs })), reason: 'INVALID_SESSION' },
    { value: Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]), reason: 'UNKNOWN_SCHEMA' },
  ];
  return kinds[count % kinds.length] ?? { value: null, reason: 'NULL_VALUE' };
}
