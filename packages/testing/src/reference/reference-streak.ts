import { dayNumber, isoDate, runsOf } from '../reference-fold';
import { referenceZone } from '../reference-zone';
import type { ReferenceRange } from './reference-event';
import { type FreezeFrom, freezeSteps, latestSetting, type SettingsHistory, sharedSettingOn } from './settings-on';
import { keepStreakDiary } from './streak-diary';

export type ReferenceRule = 'focus' | 'activity';

/** What days need where nobody set anything: milliseconds of focus, check-ins of activity. */
export type ReferenceTargets = Readonly<Record<ReferenceRule, number>>;

export interface ReferenceTotal {
  /** Milliseconds, or check-ins. */
  readonly total: number;
  /** The event with the greatest end, then the greatest id, of those that touch the day. */
  readonly latest: { readonly endMs: number; readonly id: string; readonly timezone: string };
}

export interface ReferenceBridging {
  readonly freezes: readonly FreezeFrom[];
  /** Ascending; neither overlapping nor touching. */
  readonly pauses: readonly ReferenceRange[];
}

/** What one rule makes of a user's events. */
export interface ReferenceStreak {
  /** By ISO date. */
  readonly days: ReadonlyMap<string, ReferenceTotal>;
  readonly qualifiedDates: readonly string[];
  readonly runs: readonly { readonly first: string; readonly length: number }[];
  /** That of the settings, else of the latest event of the last qualified day. */
  readonly timezone: string | null;
  readonly bridging: ReferenceBridging | null;
  readonly isUnlisted: boolean;
  /** Lengths of the last and of the longest chain of runs, with bridging or without. */
  readonly currentRunLength: number;
  readonly longestRunLength: number;
  /** Days bridged in the last chain, between its qualified days. */
  readonly bridgedDays: number;
  /** When the last chain breaks, or broke, if nothing is added; null without qualified days. */
  readonly expiresAtMs: number | null;
}

export function referenceStreak(
  rule: ReferenceRule,
  days: ReadonlyMap<string, ReferenceTotal>,
  settings: SettingsHistory,
  defaults: ReferenceTargets,
): ReferenceStreak {
  const targetOn = (date: string): number => {
    const own = sharedSettingOn(settings, rule === 'focus' ? 'dailyTargetSeconds' : 'dailyCheckInTarget', date);
    if (own === null) return defaults[rule];
    return rule === 'focus' ? own * 1_000 : own;
  };
  const qualifiedDates = [...days.keys()].sort().filter((date) => (days.get(date)?.total ?? 0) >= targetOn(date));
  const lastDate = qualifiedDates.at(-1);
  const timezone =
    latestSetting(settings.own, 'timezone') ??
    (lastDate === undefined ? null : (days.get(lastDate)?.latest.timezone ?? null));
  const freezes = freezeSteps(settings);
  const pauses = joinRanges(latestSetting(settings.own, 'pauses') ?? []);
  const qualified = qualifiedDates.map(dayNumber);
  const steps = freezes.map(({ from, rule: freeze }) => ({ from: dayNumber(from), freeze }));
  const ranges = pauses.map(({ first, last }) => [dayNumber(first), dayNumber(last)] as const);
  const { chains, firstUnbridged } = keepStreakDiary({
    qualified,
    isPaused: (day) => ranges.some(([first, last]) => first <= day && day <= last),
    ruleOn: (day) => steps.findLast(({ from }) => from <= day)?.freeze ?? null,
  });
  return {
    days,
    qualifiedDates,
    runs: runsOf(qualified).map(([first, length]) => ({ first: isoDate(first), length })),
    timezone,
    bridging: freezes.length === 0 && pauses.length === 0 ? null : { freezes, pauses },
    isUnlisted: latestSetting(settings.own, 'leaderboardOptOut') === true,
    currentRunLength: chains.at(-1)?.length ?? 0,
    longestRunLength: Math.max(0, ...chains.map(({ length }) => length)),
    bridgedDays: chains.at(-1)?.bridgedDays ?? 0,
    expiresAtMs:
      firstUnbridged === null || timezone === null ? null : referenceZone(timezone).startOf(firstUnbridged + 1),
  };
}

function joinRanges(ranges: readonly ReferenceRange[]): ReferenceRange[] {
  const joined: { first: string; last: string }[] = [];
  for (const { first, last } of [...ranges].sort((one, other) => (one.first < other.first ? -1 : 1))) {
    const before = joined.at(-1);
    if (before === undefined || dayNumber(first) > dayNumber(before.last) + 1) joined.push({ first, last });
    else if (last > before.last) before.last = last;
  }
  return joined;
}
