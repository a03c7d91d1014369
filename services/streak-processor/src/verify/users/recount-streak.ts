import { type LocalDay, toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import { findZone } from '@streaks/shared/domain/calendar/zone';
import type { RuleId } from '@streaks/shared/domain/rules';
import type { EffectiveSettings } from '@streaks/shared/domain/settings/effective-settings';
import { sameBridging } from '@streaks/shared/domain/streaks/bridging';
import { expiresAt } from '@streaks/shared/domain/streaks/evaluate-streak';
import { lastDayOf, lastRun, runsFromDays } from '@streaks/shared/domain/streaks/runs';
import { emptyStreakState, type StreakState, summarise } from '@streaks/shared/domain/streaks/streak-state';
import { formatRuns } from '@streaks/shared/postgres/multirange';
import type { FaultList } from '../fault-list';
import type { StoredRule, StoredStreak } from './stored-user';

export interface StreakRules {
  readonly ruleId: RuleId;
  /** What a day needs where no setting says otherwise. */
  readonly target: number;
  readonly settings: EffectiveSettings;
  readonly nowMs: number;
}

const NO_STREAK: StoredStreak = { state: emptyStreakState, summary: summarise(emptyStreakState), expiresAtMs: null };

/** Works a user's streak out again from the stored days and the settings; adds what differs to the faults. */
export function recountStreak(
  userId: string,
  { days, streak }: StoredRule,
  rules: StreakRules,
  faults: FaultList,
): void {
  const { ruleId, nowMs } = rules;
  const stored = streak ?? NO_STREAK;
  const counted = countStreak(days, rules);
  const of = `${userId} (${ruleId})`;
  const [found, wanted] = [describeStreak(stored), describeStreak(counted)];
  const isRight = found === wanted;
  if (!isRight) faults.add('user_streaks differs from daily_totals', `${of}: ${found}, counted ${wanted}`);
  if (!hasSameSettings(stored.state, counted.state)) {
    const [has, needs] = [describeSettings(stored.state), describeSettings(counted.state)];
    faults.add('user_streaks differs from the settings', `${of}: ${has}, they say ${needs}`);
    return; // when it expires follows from them
  }
  // One in the past says the same as none.
  const [expiry, due] = [stored, counted].map(({ expiresAtMs }) => ((expiresAtMs ?? 0) > nowMs ? expiresAtMs : null));
  if (isRight && expiry !== due) {
    faults.add('user_streaks expires otherwise', `${of}: ${describeInstant(expiry)}, counted ${describeInstant(due)}`);
  }
}

function countStreak(days: StoredRule['days'], { ruleId, target, settings }: StreakRules): StoredStreak {
  const qualified: LocalDay[] = [];
  for (const [day, { total }] of days) if (total >= (settings.targetOn(ruleId, day) ?? target)) qualified.push(day);
  const runs = runsFromDays(qualified);
  const last = lastRun(runs);
  const latest = last === undefined ? undefined : days.get(lastDayOf(last))?.latest;
  const { bridging, isUnlisted } = settings;
  const state: StreakState = {
    ...emptyStreakState,
    runs,
    timezone: settings.timezone ?? latest?.timezone ?? null,
    ...(bridging === undefined ? {} : { bridging }),
    ...(isUnlisted ? { isUnlisted } : {}),
  };
  const zone = (state.timezone === null ? undefined : findZone(state.timezone)) ?? findZone('UTC');
  return {
    state,
    summary: summarise(state),
    expiresAtMs: zone === undefined || state.timezone === null ? null : expiresAt(state, zone),
  };
}

const hasSameSettings = (one: StreakState, other: StreakState): boolean =>
  sameBridging(one.bridging, other.bridging) && one.isUnlisted === other.isUnlisted;

function describeStreak({ state: { runs, timezone }, summary }: StoredStreak): string {
  const { currentRunLength, longest, lastQualifiedDate, qualifiedDaysCount } = summary;
  const last = lastQualifiedDate === null ? 'none' : toIsoDate(lastQualifiedDate);
  return `${formatRuns(runs)} in ${timezone}, run ${currentRunLength}, longest ${longest}, last ${last}, ${qualifiedDaysCount} days`;
}

const describeSettings = ({ bridging, isUnlisted }: StreakState): string =>
  `${bridging === undefined ? 'no bridging' : JSON.stringify(bridging)}, ${isUnlisted ? 'unlisted' : 'listed'}`;

const describeInstant = (instantMs: number | null | undefined): string =>
  instantMs === null || instantMs === undefined ? 'not to come' : new Date(instantMs).toISOString();
