import type { ReferenceSession } from '@streaks/testing/reference-fold';
import { createRandom } from './random';

export interface LoadOptions {
  readonly records: number;
  readonly users: number;
  readonly days: number;
  /** Share of records that repeat an earlier one, word for word. */
  readonly duplicateShare: number;
  /** Share of records that arrive days after their neighbours. */
  readonly lateShare: number;
  readonly seed: number;
}

export interface Load {
  /** In the order of sending. */
  readonly records: readonly ReferenceSession[];
  readonly duplicates: number;
  readonly late: number;
}

const DAY_MS = 86_400_000;
/** Through the spring change of clocks in America, Europe and, the other way, Australia. */
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

/**
 * Sessions of many users over many days, sent roughly in the order in which they were lived. A few users have a large
 * part of them, most days take two sessions to qualify, and one in fifty users travels.
 */
export function generateLoad(options: LoadOptions): Load {
  const random = createRandom(options.seed);
  const duplicates = Math.round(options.records * options.duplicateShare);
  const unique = options.records - duplicates;
  const sessions = Array.from({ length: unique }, (_, index) => createSession(index, unique, options, random));

  const lateEvery = Math.round(1 / options.lateShare);
  const delayed = sessions.map((session, index) => {
    const isLate = index % lateEvery === 0;
    return { session, sentAt: index + (isLate ? unique * (0.2 + 0.6 * random()) : 0), isLate };
  });
  const repeats = Array.from({ length: duplicates }, () => {
    const index = Math.floor(random() * unique);
    const original = delayed[index];
    if (original === undefined) throw new Error('no session to repeat');
    // Half of the repeats follow at once, as retries do; the others come any time later.
    const later = random() < 0.5 ? random() * 50 : random() * unique;
    return { session: original.session, sentAt: original.sentAt + later, isLate: false };
  });
  const records = [...delayed, ...repeats].sort((a, b) => a.sentAt - b.sentAt).map(({ session }) => session);
  return { records, duplicates, late: delayed.filter(({ isLate }) => isLate).length };
}

function createSession(index: number, count: number, options: LoadOptions, random: () => number): ReferenceSession {
  const isHot = random() < 0.2;
  const user = Math.floor(random() * (isHot ? options.users / 20 : options.users));
  const isTravelling = user % 50 === 0 && random() < 0.3;
  const timezone = ZONES[(user + (isTravelling ? 1 + Math.floor(random() * 3) : 0)) % ZONES.length] ?? 'UTC';
  const startMs = Math.floor(FIRST_MS + (index / count) * options.days * DAY_MS + random() * 6 * 3_600_000);
  const durationMs = Math.floor(600_000 + random() * 2_400_000);
  return { userId: `user-${user}`, sessionId: `session-${index}`, startMs, endMs: startMs + durationMs, timezone };
}
