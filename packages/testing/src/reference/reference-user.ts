import { isoDate, type ReferenceSession, splitByDay } from '../reference-fold';
import { referenceZone } from '../reference-zone';
import type { ReferenceCheckIn, ReferenceRecord, ReferenceUserEvent } from './reference-event';
import {
  type ReferenceRule,
  type ReferenceStreak,
  type ReferenceTargets,
  type ReferenceTotal,
  referenceStreak,
} from './reference-streak';
import { organisationsOf, type SettingsHistory } from './settings-on';

/** An event that counts, with the latest record time of its identical repeats. */
export interface Counted<Event> {
  readonly event: Event;
  readonly recordTimeMs: number;
}

export interface ReferenceRetraction {
  /** Of the latest record that says so. */
  readonly recordTimeMs: number;
  /** The session, where it was recorded after that: an erasure in between would leave it. */
  readonly laterSession: Counted<ReferenceSession> | undefined;
}

/** What one user's records amount to. */
export interface ReferenceAccount {
  /** Record time of the latest erasure. */
  readonly erasedAtMs: number | undefined;
  /** Had settings, a retraction or an erasure at any time. */
  readonly isCorrected: boolean;
  /** By id. */
  readonly sessions: ReadonlyMap<string, Counted<ReferenceSession>>;
  readonly checkIns: ReadonlyMap<string, Counted<ReferenceCheckIn>>;
  /** By id of the session. */
  readonly retractions: ReadonlyMap<string, ReferenceRetraction>;
  /** To which the user belongs at some date. */
  readonly organisations: readonly string[];
  readonly streaks: Readonly<Record<ReferenceRule, ReferenceStreak>>;
}

export interface AccountOptions {
  readonly targets: ReferenceTargets;
  readonly organisations: SettingsHistory['organisations'];
}

/**
 * Folds the records of one user. Of sessions or check-ins of one id and different content the first in the list counts; but for that, only the set of
 * records matters.
 */
export function referenceUser(
  records: readonly ReferenceRecord<ReferenceUserEvent>[],
  { targets, organisations }: AccountOptions,
): ReferenceAccount {
  const erasures = records.flatMap(({ event, recordTimeMs }) => (event.kind === 'erasure' ? [recordTimeMs] : []));
  const erasedAtMs = erasures.length === 0 ? undefined : Math.max(...erasures);
  const left = records.filter(({ recordTimeMs }) => erasedAtMs === undefined || recordTimeMs > erasedAtMs);

  const sessions = new Map<string, Counted<ReferenceSession>>();
  const checkIns = new Map<string, Counted<ReferenceCheckIn>>();
  const retracted = new Map<string, number>();
  for (const { event, recordTimeMs } of left) {
    if (event.kind === 'session') count(sessions, event.session.sessionId, event.session, recordTimeMs);
    if (event.kind === 'check-in') count(checkIns, event.checkIn.checkInId, event.checkIn, recordTimeMs);
    if (event.kind === 'retraction') {
      retracted.set(event.sessionId, Math.max(recordTimeMs, retracted.get(event.sessionId) ?? recordTimeMs));
    }
  }
  const retractions = new Map(
    [...retracted].map(([id, recordTimeMs]): [string, ReferenceRetraction] => {
      const session = sessions.get(id);
      const isLater = session !== undefined && session.recordTimeMs > recordTimeMs;
      return [id, { recordTimeMs, laterSession: isLater ? session : undefined }];
    }),
  );
  for (const id of retracted.keys()) sessions.delete(id);
  const own = left.flatMap(({ event }) => (event.kind === 'settings' ? [event.change] : []));
  const memberOf = organisationsOf(own);
  const settings: SettingsHistory = {
    own,
    organisations: new Map(memberOf.map((id) => [id, organisations.get(id) ?? []])),
  };
  return {
    erasedAtMs,
    isCorrected: records.some(({ event: { kind } }) => kind !== 'session' && kind !== 'check-in'),
    sessions,
    checkIns,
    retractions,
    organisations: memberOf,
    streaks: {
      focus: referenceStreak('focus', focusDays([...sessions.values()]), settings, targets),
      activity: referenceStreak('activity', activityDays([...checkIns.values()]), settings, targets),
    },
  };
}

function count<Event extends object>(
  counted: Map<string, Counted<Event>>,
  id: string,
  event: Event,
  recordTimeMs: number,
): void {
  const first = counted.get(id);
  if (first === undefined) counted.set(id, { event, recordTimeMs });
  else if (recordTimeMs > first.recordTimeMs && sameFields(first.event, event)) {
    counted.set(id, { event: first.event, recordTimeMs });
  }
}

const sameFields = (one: object, other: object): boolean =>
  JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());

function focusDays(sessions: readonly Counted<ReferenceSession>[]): Map<string, ReferenceTotal> {
  const days = new Map<string, ReferenceTotal>();
  for (const { event } of sessions) {
    const { endMs, sessionId: id, timezone } = event;
    for (const [day, ms] of splitByDay(event, referenceZone(timezone))) {
      add(days, isoDate(day), ms, { endMs, id, timezone });
    }
  }
  return days;
}

function activityDays(checkIns: readonly Counted<ReferenceCheckIn>[]): Map<string, ReferenceTotal> {
  const days = new Map<string, ReferenceTotal>();
  for (const { event } of checkIns) {
    const { atMs, checkInId: id, timezone } = event;
    add(days, isoDate(referenceZone(timezone).dayOf(atMs)), 1, { endMs: atMs, id, timezone });
  }
  return days;
}

function add(days: Map<string, ReferenceTotal>, date: string, amount: number, latest: ReferenceTotal['latest']): void {
  const before = days.get(date);
  if (before === undefined) days.set(date, { total: amount, latest });
  else
    days.set(date, { total: before.total + amount, latest: isAfter(latest, before.latest) ? latest : before.latest });
}

function isAfter(one: ReferenceTotal['latest'], other: ReferenceTotal['latest']): boolean {
  if (one.endMs !== other.endMs) return one.endMs > other.endMs;
  return Buffer.compare(Buffer.from(one.id), Buffer.from(other.id)) > 0;
}
