import { type BoardEntry, type BoardName, primaryFigure } from './board-entry';

// On a board a user is ranked by (score, member), both ascending. The score holds what ranks first, exactly:
// -(days * 2^22 + longest streak), for all days of the years 0001 to 9999 are fewer than 2^22. The member is the stamp of
// `updatedAtMs`, of fixed width, and then the user id, so that its bytes decide the rest.

const DAYS_IN_SCORE = 2 ** 22;
/** In the order of their bytes. */
const DIGITS = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, number) => DIGITS.charAt(number >> 6) + DIGITS.charAt(number & 63),
);
const HALF = 2 ** 24;
/** In the year 10889. */
const LATEST_STAMP_MS = HALF * HALF - 1;
const VALUE = /^(\d{1,16}):(?:([\w-]{8})(\d+),(\d+),(\d+),(\d+))?$/;

export const STAMP_LENGTH = 8;

/** Milliseconds from 1970 on as 8 characters whose bytes sort as the instants do. */
export function encodeStamp(instantMs: number): string {
  const kept = Math.min(Math.max(instantMs, 0), LATEST_STAMP_MS);
  const high = Math.floor(kept / HALF);
  const low = kept - high * HALF;
  return `${PAIRS[high >> 12]}${PAIRS[high & 4095]}${PAIRS[low >> 12]}${PAIRS[low & 4095]}`;
}

export function decodeStamp(stamp: string): number {
  let instantMs = 0;
  for (const digit of stamp) {
    instantMs = instantMs * 64 + DIGITS.indexOf(digit);
  }
  return instantMs;
}

/** A whole number from -2^44 on, as text. */
export function encodeScore(board: BoardName, entry: BoardEntry): string {
  return String(-(primaryFigure(board, entry) * DAYS_IN_SCORE + entry.longestStreak));
}

/**
 * What the hash of members holds of a user: `<version>:<stamp><qualifiedDays>,<longestStreak>,<latestStreak>,<expiresAtMs>`;
 * for who is on no board `<version>:`, so that a late writer of an earlier version does not put them there.
 */
export function encodeMember(version: number, entry: BoardEntry | undefined): string {
  if (entry === undefined) {
    return `${version}:`;
  }
  const { qualifiedDays, longestStreak, latestStreak, updatedAtMs, expiresAtMs } = entry;
  return `${version}:${encodeStamp(updatedAtMs)}${qualifiedDays},${longestStreak},${latestStreak},${expiresAtMs}`;
}

/** Undefined for who is on no board, and for what `encodeMember` did not write. */
export function decodeMember(userId: string, value: string): BoardEntry | undefined {
  const [, , stamp, qualifiedDays, longestStreak, latestStreak, expiresAtMs] = VALUE.exec(value) ?? [];
  if (stamp === undefined) {
    return undefined;
  }
  return {
    userId,
    qualifiedDays: Number(qualifiedDays),
    longestStreak: Number(longestStreak),
    latestStreak: Number(latestStreak),
    updatedAtMs: decodeStamp(stamp),
    expiresAtMs: Number(expiresAtMs),
  };
}
