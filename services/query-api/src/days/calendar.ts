import { addDays, type LocalDay, toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import type { Zone } from '@streaks/shared/domain/calendar/zone';
import type { RuleId } from '@streaks/shared/domain/rules';
import { chainsOf } from '@streaks/shared/domain/streaks/bridging';
import { evaluateStreak } from '@streaks/shared/domain/streaks/evaluate-streak';
import { hasDay } from '@streaks/shared/domain/streaks/runs';
import { emptyStreakState, type StreakState } from '@streaks/shared/domain/streaks/streak-state';
import type { z } from 'zod';
import type { ReadModel } from '../stores/read-model';
import { showTotal } from '../streaks/rules';
import { zoneOf } from '../streaks/zone-of';
import type { calendarDaySchema } from './day-documents';
import { type JudgeOptions, readJudge } from './judge-days';
import { daysOfYear, yearOf } from './periods';

const MOST_DAYS_OF_A_YEAR = 366;

export interface CalendarQuery {
  readonly year?: number | undefined;
  readonly ruleId: RuleId;
  /** The zone of "today": which year is the present one, and which days are over. */
  readonly timezone?: Zone | undefined;
}

export interface CalendarOptions extends JudgeOptions {
  readonly readModel: Pick<ReadModel, 'readSettings' | 'readDailyTotals' | 'readStreaks'>;
}

export interface Calendar {
  readonly year: number;
  readonly days: readonly z.infer<typeof calendarDaySchema>[];
}

/** Every day of a year, all from Postgres: what is bridged must be of the same moment as the totals. */
export async function readCalendar(
  options: CalendarOptions,
  userId: string,
  { year: askedYear, ruleId, timezone }: CalendarQuery,
  nowMs: number,
): Promise<Calendar> {
  const [[row], isQualified] = await Promise.all([
    options.readModel.readStreaks([userId], [ruleId]),
    readJudge(options, userId, ruleId),
  ]);
  const state = row?.state ?? emptyStreakState;
  const today = zoneOf(state, timezone).dayOf(nowMs);
  const year = askedYear ?? yearOf(today);
  const { first, last } = daysOfYear(year);
  const totals = await options.readModel.readDailyTotals(
    userId,
    ruleId,
    { from: first, to: last },
    MOST_DAYS_OF_A_YEAR,
  );
  const totalByDay = new Map(totals.map(({ day, total }) => [day, total]));
  const isBridged = bridgedDays(state, today);
  const days = Array.from({ length: last - first + 1 }, (_, index) => {
    const day = addDays(first, index);
    const total = totalByDay.get(day) ?? 0;
    const qualified = isQualified({ day, total });
    return {
      date: toIsoDate(day),
      total: showTotal(ruleId, total),
      qualified,
      bridged: !qualified && isBridged(day),
    };
  });
  return { year, days };
}

/**
 * Whether a freeze or a pause bridged a day: one inside of a chain that is no qualified one, or one between the last
 * qualified day and today while the streak is alive.
 */
export function bridgedDays(
  state: Pick<StreakState, 'runs' | 'bridging'>,
  today: LocalDay,
): (day: LocalDay) => boolean {
  const chains = chainsOf(state.runs, state.bridging);
  const { currentStreak } = evaluateStreak(state, today, { cutAfterToday: false });
  const lastChain = chains.at(-1);
  return (day) => {
    if (hasDay(state.runs, day)) {
      return false;
    }
    const isPending = currentStreak > 0 && lastChain !== undefined && day > lastChain.last && day < today;
    return isPending || chains.some(({ first, last }) => first < day && day < last);
  };
}
