import fc from 'fast-check';
import { type LocalDay, toIsoDate } from './calendar/local-day';
import { splitSession } from './calendar/split-session';
import { findZone, type Zone } from './calendar/zone';
import type { Session } from './events/session';
import { type BruteForceWorld, bruteForceStreaks, createBruteForceWorld } from './reference-model/brute-force-model';
import { HOSTILE_ZONES } from './reference-model/hostile-zones';
import { classifyAddedDay } from './streaks/change-type';
import { foldSessions, qualifiedDays, totalDays } from './streaks/day-totals';
import { addDay, lastDayOf, lastRun, NO_RUNS, type Runs, removeDay } from './streaks/runs';
import { summarise } from './streaks/streak-state';

const HOUR_MS = 3_600_000;
const TARGET_MS = HOUR_MS / 2;
const WORLD_DAYS = 3;

interface Place {
  readonly timezone: string;
  readonly zone: Zone;
  readonly fromMs: number;
  readonly toMs: number;
  readonly world: BruteForceWorld;
}

const places: readonly Place[] = HOSTILE_ZONES.map(([timezone, date]) => {
  const fromMs = Date.parse(`${date}T00:00:00Z`) - 24 * HOUR_MS;
  const toMs = fromMs + WORLD_DAYS * 24 * HOUR_MS;
  return {
    timezone,
    zone: findZone(timezone) as Zone,
    fromMs,
    toMs,
    world: createBruteForceWorld(timezone, fromMs, toMs),
  };
});

/** Sessions of any length up to the whole world, often short ones, with edges to the millisecond. */
function sessionsAt(place: Place): fc.Arbitrary<readonly Session[]> {
  const instant = fc.oneof(
    fc.integer({ min: place.fromMs, max: place.toMs - 1 }),
    fc.integer({ min: 0, max: WORLD_DAYS * 48 - 1 }).map((half) => place.fromMs + half * TARGET_MS),
  );
  const length = fc.oneof(
    fc.constant(TARGET_MS),
    fc.integer({ min: 1, max: 2 * TARGET_MS }),
    fc.integer({ min: 1, max: WORLD_DAYS * 24 * HOUR_MS }),
  );
  return fc.array(fc.tuple(instant, length), { maxLength: 8 }).map((pairs) =>
    pairs.map(([startMs, lengthMs], index) => ({
      userId: 'user',
      sessionId: `session-${index}`,
      startMs,
      endMs: Math.min(startMs + lengthMs, place.toMs),
      timezone: place.timezone,
    })),
  );
}

function addUp(totals: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const sum = new Map<string, number>();
  for (const [date, milliseconds] of totals.flatMap((total) => [...total])) {
    sum.set(date, (sum.get(date) ?? 0) + milliseconds);
  }
  return sum;
}

function expectFoldToMatch(sessions: readonly Session[], expected: ReadonlyMap<string, number>): void {
  const { dailyTotals, state } = foldSessions(sessions, TARGET_MS);
  const found = new Map([...dailyTotals].map(([day, { milliseconds }]) => [toIsoDate(day), milliseconds]));
  expect(found).toEqual(expected);
  const dates = new Set([...expected].filter(([, milliseconds]) => milliseconds >= TARGET_MS).map(([date]) => date));
  const { longest, latest, last } = bruteForceStreaks(dates);
  const { lastQualifiedDate, ...counts } = summarise(state);
  expect(counts).toEqual({ currentRunLength: latest, longest, qualifiedDaysCount: dates.size });
  expect(lastQualifiedDate === null ? null : toIsoDate(lastQualifiedDate)).toBe(last);
}

describe('the fold agrees with a walk over every minute', () => {
  test.each(HOSTILE_ZONES.map(([timezone, date, what], index) => ({ timezone, date, what, index })))(
    'in $timezone around $date: $what',
    ({ index }) => {
      const place = places[index] as Place;
      fc.assert(
        fc.property(sessionsAt(place), (sessions) => {
          expectFoldToMatch(sessions, place.world.totalDays(sessions));
        }),
        { numRuns: 25 },
      );
    },
  );

  it('for travellers, whose sessions lie in several zones', () => {
    const several = fc
      .shuffledSubarray([...places], { minLength: 2, maxLength: 4 })
      .chain((chosen) =>
        fc.tuple(...chosen.map((place) => sessionsAt(place).map((sessions) => ({ place, sessions })))),
      );
    fc.assert(
      fc.property(several, (stays) => {
        const renamed = stays.flatMap(({ sessions }, stay) =>
          sessions.map((session) => ({ ...session, sessionId: `${stay}-${session.sessionId}` })),
        );
        expectFoldToMatch(renamed, addUp(stays.map(({ place, sessions }) => place.world.totalDays(sessions))));
      }),
      { numRuns: 50 },
    );
  });
});

type Step =
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: 'retraction'; readonly id: string };

/**
 * A processor in miniature: totals move by differences, streaks day by day where a total crosses the target, as the real
 * one does in SQL. A retracted id stays retracted, whichever of the two arrives first.
 */
function createIncrementalFold(): {
  apply(batch: readonly Step[]): void;
  runs(): Runs;
  totals(): Map<LocalDay, number>;
} {
  const kept = new Map<string, Session>();
  const retracted = new Set<string>();
  const totals = new Map<LocalDay, number>();
  let runs = NO_RUNS;

  function collect(deltas: Map<LocalDay, number>, { startMs, endMs, timezone }: Session, sign: 1 | -1): void {
    for (const { day, milliseconds } of splitSession(startMs, endMs, findZone(timezone) as Zone)) {
      deltas.set(day, (deltas.get(day) ?? 0) + sign * milliseconds);
    }
  }

  function applyStep(step: Step, deltas: Map<LocalDay, number>): void {
    if (step.kind === 'session' && !kept.has(step.session.sessionId) && !retracted.has(step.session.sessionId)) {
      kept.set(step.session.sessionId, step.session);
      collect(deltas, step.session, 1);
    } else if (step.kind === 'retraction' && !retracted.has(step.id)) {
      retracted.add(step.id);
      const session = kept.get(step.id);
      if (session !== undefined) {
        collect(deltas, session, -1);
      }
    }
  }

  function addToDay(day: LocalDay, delta: number): void {
    const total = (totals.get(day) ?? 0) + delta;
    totals.set(day, total);
    const wasQualified = total - delta >= TARGET_MS;
    if (!wasQualified && total >= TARGET_MS) {
      expect(classifyAddedDay({ runs }, day)).not.toBe('STREAK_MAINTAINED');
      runs = addDay(runs, day);
    } else if (wasQualified && total < TARGET_MS) {
      runs = removeDay(runs, day);
    }
  }

  return {
    apply(batch) {
      const deltas = new Map<LocalDay, number>();
      for (const step of batch) {
        applyStep(step, deltas);
      }
      for (const [day, delta] of deltas) {
        addToDay(day, delta);
      }
    },
    runs: () => runs,
    totals: () => new Map([...totals].filter(([, milliseconds]) => milliseconds > 0)),
  };
}

describe('the state is a function of the set of events', () => {
  const somePlace = fc.constantFrom(...places);
  const history = somePlace.chain((place) =>
    sessionsAt(place).chain((sessions) =>
      fc.record({
        sessions: fc.constant(sessions),
        retractedIds: fc.subarray(sessions.map(({ sessionId }) => sessionId)),
      }),
    ),
  );

  it('whatever their order, batches, repeats and retractions', () => {
    const delivery = history.chain(({ sessions, retractedIds }) => {
      const steps: Step[] = [
        ...sessions.map((session) => ({ kind: 'session' as const, session })),
        ...retractedIds.map((id) => ({ kind: 'retraction' as const, id })),
      ];
      const repeated = fc.tuple(fc.subarray(steps), fc.subarray(steps)).map((again) => [...steps, ...again.flat()]);
      const inOrder = repeated.chain((all) =>
        fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
      );
      const batches = fc.tuple(inOrder, fc.infiniteStream(fc.integer({ min: 1, max: 6 }))).map(([all, sizes]) => {
        const cut: Step[][] = [];
        for (let at = 0; at < all.length; at += cut.at(-1)?.length ?? 1) {
          cut.push(all.slice(at, at + (sizes.next().value ?? 1)));
        }
        return cut;
      });
      return fc.record({
        batches,
        survivors: fc.constant(sessions.filter(({ sessionId }) => !retractedIds.includes(sessionId))),
      });
    });
    fc.assert(
      fc.property(delivery, ({ batches, survivors }) => {
        const fold = createIncrementalFold();
        for (const batch of batches) {
          fold.apply(batch);
        }
        const expected = foldSessions(survivors, TARGET_MS);
        expect(fold.runs()).toEqual(expected.state.runs);
        expect(fold.totals()).toEqual(
          new Map([...expected.dailyTotals].map(([day, total]) => [day, total.milliseconds])),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('for the zone too, which is that of the event that ended last on the last qualified day', () => {
    // Few instants and several zones, so that days have events of different zones and of the same end.
    const step = fc.tuple(
      fc.integer({ min: 0, max: 40 }),
      fc.constantFrom('UTC', 'Asia/Tokyo', 'America/New_York', 'Europe/London'),
    );
    const mixed = fc.array(step, { maxLength: 20 }).map((steps) =>
      steps.map(([half, timezone], index): Session => {
        const startMs = Date.UTC(2025, 0, 15) + half * TARGET_MS;
        return { userId: 'user', sessionId: `${index}`, startMs, endMs: startMs + TARGET_MS, timezone };
      }),
    );
    fc.assert(
      fc.property(
        mixed.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([sessions, shuffled]) => {
          const { state, dailyTotals } = foldSessions(shuffled, TARGET_MS);
          expect(state).toEqual(foldSessions(sessions, TARGET_MS).state);
          const latest = lastRun(state.runs);
          const onLastDay = sessions.filter(({ startMs, endMs, timezone }) =>
            splitSession(startMs, endMs, findZone(timezone) as Zone).some(
              ({ day }) => latest !== undefined && day === lastDayOf(latest),
            ),
          );
          const byEndThenId = onLastDay.sort(
            (one, other) =>
              one.endMs - other.endMs || Buffer.compare(Buffer.from(one.sessionId), Buffer.from(other.sessionId)),
          );
          expect(state.timezone).toBe(byEndThenId.at(-1)?.timezone ?? null);
          expect(qualifiedDays(dailyTotals, TARGET_MS)).toHaveLength(summarise(state).qualifiedDaysCount);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('save that of two sessions with one id the first counts', () => {
    const session: Session = { userId: 'user', sessionId: 'a', startMs: 0, endMs: 1000, timezone: 'UTC' };
    const totals = totalDays([session, { ...session, endMs: 5000 }, session]);
    expect([...totals.values()].map(({ milliseconds }) => milliseconds)).toEqual([1000]);
  });

  it('and a zone that is none is an error of the caller', () => {
    const session: Session = { userId: 'user', sessionId: 'a', startMs: 0, endMs: 1000, timezone: 'Mars/Olympus_Mons' };
    expect(() => foldSessions([session], TARGET_MS)).toThrow(RangeError);
  });
});
