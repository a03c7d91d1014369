/**
 * What the answer must be, written without the domain code: own local days (from `Intl.DateTimeFormat` alone), own fold.
 * Tests compare the product with this, so nothing here may import from the product.
 */
import { type ReferenceZone, referenceZone } from './reference-zone';

export interface ReferenceSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly timezone: string;
}

export interface ReferenceDay {
  totalMs: number;
  /** The session with the greatest end, then the greatest id, of those that touch the day. */
  latest: ReferenceSession;
}

export interface ReferenceUser {
  /** By ISO date. */
  readonly days: ReadonlyMap<string, ReferenceDay>;
  /** Maximal runs of consecutive qualified days, in order. */
  readonly runs: readonly { readonly first: string; readonly length: number }[];
  readonly qualifiedDates: readonly string[];
  /** Zone of the latest session of the last qualified day. */
  readonly timezone: string | null;
}

export interface ReferenceAnswer {
  readonly currentStreak: number;
  readonly longestStreak: number;
  readonly lastQualifiedDate: string | null;
  readonly qualifiedDaysCount: number;
}

const DAY_MS = 86_400_000;

/** Folds sessions in the order of commit: of those with one (user, session) id the first is kept. */
export function referenceFold(
  sessions: Iterable<ReferenceSession>,
  targetMs: number,
): ReadonlyMap<string, ReferenceUser> {
  const users = new Map<string, { seen: Set<string>; days: Map<number, ReferenceDay> }>();
  for (const session of sessions) {
    let user = users.get(session.userId);
    if (user === undefined) {
      user = { seen: new Set(), days: new Map() };
      users.set(session.userId, user);
    }
    if (user.seen.has(session.sessionId)) continue;
    user.seen.add(session.sessionId);
    for (const [day, ms] of splitByDay(session, referenceZone(session.timezone))) {
      const total = user.days.get(day);
      if (total === undefined) user.days.set(day, { totalMs: ms, latest: session });
      else {
        total.totalMs += ms;
        if (isLater(session, total.latest)) total.latest = session;
      }
    }
  }
  return new Map([...users].map(([userId, { days }]) => [userId, summarise(days, targetMs)]));
}

function isLater(one: ReferenceSession, other: ReferenceSession): boolean {
  if (one.endMs !== other.endMs) return one.endMs > other.endMs;
  return Buffer.compare(Buffer.from(one.sessionId), Buffer.from(other.sessionId)) > 0;
}

/** Milliseconds of a session on each of its local days. */
export function splitByDay(session: ReferenceSession, zone: ReferenceZone): [day: number, ms: number][] {
  const pieces: [number, number][] = [];
  let atMs = session.startMs;
  let day = zone.dayOf(atMs);
  while (atMs < session.endMs) {
    const nextMs = zone.startOf(day + 1);
    const endMs = Math.min(nextMs, session.endMs);
    if (endMs > atMs) pieces.push([day, endMs - atMs]);
    atMs = Math.max(atMs, endMs);
    day += 1;
  }
  return pieces;
}

function summarise(days: ReadonlyMap<number, ReferenceDay>, targetMs: number): ReferenceUser {
  const sorted = [...days.keys()].sort((a, b) => a - b);
  const qualified = sorted.filter((day) => (days.get(day)?.totalMs ?? 0) >= targetMs);
  const last = qualified.at(-1);
  return {
    days: new Map([...days].map(([day, total]) => [isoDate(day), total])),
    runs: runsOf(qualified).map(([first, length]) => ({ first: isoDate(first), length })),
    qualifiedDates: qualified.map(isoDate),
    timezone: last === undefined ? null : (days.get(last)?.latest.timezone ?? null),
  };
}

/** The streak as of an instant, in a zone: dates after its date do not count. */
export function referenceAnswer(user: ReferenceUser | undefined, atMs: number, timezone: string): ReferenceAnswer {
  const today = referenceZone(timezone).dayOf(atMs);
  const days = (user?.qualifiedDates ?? []).map(dayNumber).filter((day) => day <= today);
  const runs = runsOf(days);
  const lastRun = runs.at(-1);
  const lastDay = days.at(-1);
  return {
    currentStreak: lastRun !== undefined && lastDay !== undefined && lastDay >= today - 1 ? lastRun[1] : 0,
    longestStreak: Math.max(0, ...runs.map(([, length]) => length)),
    lastQualifiedDate: lastDay === undefined ? null : isoDate(lastDay),
    qualifiedDaysCount: days.length,
  };
}

/** Maximal runs of consecutive days; the days ascend. */
export function runsOf(days: readonly number[]): [first: number, length: number][] {
  const runs: [number, number][] = [];
  for (const day of days) {
    const run = runs.at(-1);
    if (run !== undefined && run[0] + run[1] === day) run[1] += 1;
    else runs.push([day, 1]);
  }
  return runs;
}

export function isoDate(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

export function dayNumber(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY_MS;
}
