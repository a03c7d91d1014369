import type { ReferenceStreak } from '@streaks/testing/reference/reference-streak';
import { bridgingText } from '../bridging-text';
import type { CollectedRun, StoredState, StoredStreak } from '../collected-run';
import type { Expectation } from '../expectation';
import { compareKeyed, type Fault } from '../fault';
import { runsText, stateKey, streakText } from '../texts';
import { RULES } from './event-faults';

/** Holds the states in Postgres against the reference, and those in Redis against Postgres. */
export function streakFaults(run: CollectedRun, { world }: Expectation): Fault[] {
  const stored = new Set(run.streaks.map(stateKey));
  const wanted = new Map<string, string>();
  for (const [userId, { streaks, isCorrected }] of world.users) {
    for (const rule of RULES) {
      const key = stateKey({ rule, userId });
      const text = wantedText(streaks[rule]);
      // Corrections may leave a state that says nothing; whether there was ever more depends on the order of arrival.
      if (text !== NOTHING || (isCorrected && stored.has(key))) wanted.set(key, text);
    }
  }
  return [
    ...compareKeyed('user_streaks', run.streaks, wanted, stateKey, storedText),
    ...compareKeyed(
      'Redis',
      run.redis,
      new Map(run.streaks.map((row) => [stateKey(row), redisText(row)])),
      stateKey,
      redisText,
    ),
  ];
}

const flagsText = (isUnlisted: boolean, expiresAtMs: number | null): string =>
  ` ${isUnlisted ? 'unlisted' : 'listed'} until ${expiresAtMs}`;

const storedText = (row: StoredStreak): string => streakText(row) + flagsText(row.isUnlisted, row.expiresAtMs);

/** A state as the reference has it. */
export function storedFiguresOf(
  streak: ReferenceStreak,
): Omit<StoredStreak, 'rule' | 'userId' | 'version' | 'updatedAtMs'> {
  const { runs, timezone, currentRunLength, longestRunLength, qualifiedDates, bridging, isUnlisted } = streak;
  return {
    runs,
    timezone,
    currentRunLength,
    longestRunLength,
    lastQualifiedDate: qualifiedDates.at(-1) ?? null,
    qualifiedDaysCount: qualifiedDates.length,
    bridging: bridgingText(bridging),
    isUnlisted,
    expiresAtMs: streak.expiresAtMs,
  };
}

function wantedText(streak: ReferenceStreak): string {
  const figures = storedFiguresOf(streak);
  return streakText(figures) + flagsText(figures.isUnlisted, figures.expiresAtMs);
}

const NOTHING =
  streakText({
    runs: [],
    timezone: null,
    currentRunLength: 0,
    longestRunLength: 0,
    lastQualifiedDate: null,
    qualifiedDaysCount: 0,
    bridging: bridgingText(null),
  }) + flagsText(false, null);

const redisText = (state: StoredState): string =>
  [
    `v${state.version}`,
    state.timezone,
    state.bridging,
    state.isUnlisted ? 'unlisted' : 'listed',
    `as of ${state.updatedAtMs}`,
    runsText(state.runs),
  ].join(' ');
