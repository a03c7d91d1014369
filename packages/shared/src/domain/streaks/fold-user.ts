import type { LocalDay } from '../calendar/local-day';
import { type CheckIn, checkInDay } from '../events/check-in';
import { type DayEvent, latestEvent, type Session } from '../events/session';
import { ACTIVITY_RULE, type DefaultTargets, FOCUS_RULE, type RuleId } from '../rules';
import { type EffectiveSettings, resolveSettings } from '../settings/effective-settings';
import type { SettingsChange } from '../settings/settings-change';
import { addChange, noSettings, type StoredSettings } from '../settings/stored-settings';
import { totalDays } from './day-totals';
import { runsFromDays } from './runs';
import { emptyStreakState, type StreakState } from './streak-state';

/** An event of one user, with the time of its record. */
export type RecordedEvent = { readonly recordTimeMs: number } & (
  | ({ readonly kind: 'session' } & Session)
  | ({ readonly kind: 'check-in' } & CheckIn)
  | { readonly kind: 'retraction'; readonly sessionId: string }
  | { readonly kind: 'settings'; readonly change: SettingsChange }
  | { readonly kind: 'erasure' }
);

/**
 * What one user's events amount to, worked out from nothing: the meaning that the processor must reach whatever order and
 * batches they came in. Of two sessions or check-ins with one id the first counts; but for that the result does not depend on
 * their order. Version and update are those of a state never stored, 0. Throws RangeError for a time zone that is none.
 * @param organisations settings by id; one that is not there has none
 */
export function foldUser(
  events: readonly RecordedEvent[],
  defaults: DefaultTargets,
  organisations: ReadonlyMap<string, StoredSettings> = new Map(),
): Readonly<Record<RuleId, StreakState>> {
  const erasures = events.filter(({ kind }) => kind === 'erasure').map(({ recordTimeMs }) => recordTimeMs);
  const erasedAtMs = Math.max(Number.NEGATIVE_INFINITY, ...erasures);
  const sessions: Session[] = [];
  const checkIns: CheckIn[] = [];
  const retracted = new Set<string>();
  let settings = noSettings;
  for (const event of events) {
    if (event.recordTimeMs <= erasedAtMs) continue;
    if (event.kind === 'session') sessions.push(event);
    if (event.kind === 'check-in') checkIns.push(event);
    if (event.kind === 'retraction') retracted.add(event.sessionId);
    if (event.kind === 'settings') settings = addChange(settings, event.change, event.recordTimeMs);
  }
  const effective = resolveSettings(settings, organisations);
  const totals = totalDays(sessions.filter(({ sessionId }) => !retracted.has(sessionId)));
  const focus = [...totals].map(
    ([day, { milliseconds, latest }]): DayAmount => ({ day, amount: milliseconds, latest }),
  );
  return {
    focus: stateOf(FOCUS_RULE, focus, effective, defaults),
    activity: stateOf(ACTIVITY_RULE, countDays(checkIns), effective, defaults),
  };
}

/** What a rule counted on a day, and the event that ended last on it. */
interface DayAmount {
  readonly day: LocalDay;
  readonly amount: number;
  readonly latest: DayEvent;
}

function countDays(checkIns: readonly CheckIn[]): readonly DayAmount[] {
  const byId = new Map<string, CheckIn>();
  for (const checkIn of checkIns) {
    byId.set(checkIn.checkInId, byId.get(checkIn.checkInId) ?? checkIn);
  }
  const days = new Map<LocalDay, DayAmount>();
  for (const checkIn of byId.values()) {
    const day = checkInDay(checkIn);
    const before = days.get(day);
    const event: DayEvent = { endMs: checkIn.atMs, id: checkIn.checkInId, timezone: checkIn.timezone };
    days.set(day, { day, amount: (before?.amount ?? 0) + 1, latest: latestEvent(event, before?.latest) });
  }
  return [...days.values()];
}

function stateOf(
  ruleId: RuleId,
  days: readonly DayAmount[],
  { timezone, isUnlisted, targetOn, bridging }: EffectiveSettings,
  defaults: DefaultTargets,
): StreakState {
  const qualified = days.filter(({ day, amount }) => amount >= (targetOn(ruleId, day) ?? defaults[ruleId]));
  const last = qualified.toSorted((one, other) => one.day - other.day).at(-1);
  return {
    ...emptyStreakState,
    runs: runsFromDays(qualified.map(({ day }) => day)),
    timezone: timezone ?? last?.latest.timezone ?? null,
    ...(bridging === undefined ? {} : { bridging }),
    ...(isUnlisted ? { isUnlisted } : {}),
  };
}
