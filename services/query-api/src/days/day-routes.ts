import { toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import { FOCUS_RULE } from '@streaks/shared/domain/rules';
import type { Clock } from '@streaks/shared/lifecycle/clock';
import type { Express } from 'express';
import { addRoute } from '../http/add-route';
import type { ReadModel } from '../stores/read-model';
import { type DefaultTargets, showTotal, unitOf } from '../streaks/rules';
import { analyticsCursor, analyticsDocument } from './analytics-document';
import { readCalendar } from './calendar';
import { calendarDocument, dailyTotalsDocument } from './day-documents';
import { MAX_DAYS } from './day-range';
import { readJudge } from './judge-days';
import { readPeriods } from './read-periods';

export interface DayRoutesOptions {
  readonly readModel: Pick<ReadModel, 'readDailyTotals' | 'readSettings' | 'readStreaks'>;
  readonly targets: DefaultTargets;
  readonly clock: Clock;
}

/** `GET /users/{id}/daily-totals`, `/calendar` and `/analytics`: what a user did day by day. They need Postgres. */
export function addDayRoutes(app: Express, options: DayRoutesOptions): void {
  const { readModel, clock } = options;

  addRoute(app, dailyTotalsDocument, async ({ params: { userId }, query: { from = null, to = null, ruleId } }) => {
    const [totals, isQualified] = await Promise.all([
      readModel.readDailyTotals(userId, ruleId, { from, to }, MAX_DAYS),
      readJudge(options, userId, ruleId),
    ]);
    const unit = ruleId === FOCUS_RULE ? 'seconds' : 'checkIns';
    return {
      userId,
      days: totals.map((total) => ({
        date: toIsoDate(total.day),
        [unit]: showTotal(ruleId, total.total),
        qualified: isQualified(total),
      })),
    };
  });

  addRoute(app, calendarDocument, async ({ params: { userId }, query }) => {
    const { year, days } = await readCalendar(options, userId, query, clock.nowMs());
    return { userId, ruleId: query.ruleId, year, unit: unitOf(query.ruleId), days };
  });

  addRoute(app, analyticsDocument, async ({ params: { userId }, query }) => {
    const { summaries, nextBelow } = await readPeriods(options, userId, query, analyticsCursor.decode(query));
    return {
      userId,
      ruleId: query.ruleId,
      unit: unitOf(query.ruleId),
      items: summaries.map(({ period, total, activeDays, qualifiedDays, bestRun }) => ({
        period: period.name,
        from: toIsoDate(period.first),
        to: toIsoDate(period.last),
        total: showTotal(query.ruleId, total),
        activeDays,
        qualifiedDays,
        bestRun,
      })),
      nextCursor: nextBelow === undefined ? null : analyticsCursor.encode(query, nextBelow),
    };
  });
}
