import { toIsoDate } from '@streaks/shared/domain/local-day';
import { sendJson } from '@streaks/shared/http/send-json';
import type { Express } from 'express';
import type { ReadModel } from '../stores/read-model';
import type { StreakRule } from '../streaks/rules';
import { wholeSeconds } from '../streaks/streak-answers';
import { createRequestParser, MAX_DAYS } from './parse-request';

export interface DailyTotalsRouteOptions {
  readonly readModel: Pick<ReadModel, 'readDailyTotals'>;
  readonly focus: StreakRule;
}

/**
 * `GET /users/{id}/daily-totals?from&to`: the local days with a total, ascending, both bounds included. A closed range
 * is at most 1,000 days long; with an open side the newest 1,000 days with a total are answered.
 */
export function addDailyTotalsRoute(app: Express, { readModel, focus }: DailyTotalsRouteOptions): void {
  app.get('/users/:userId/daily-totals', async function getDailyTotals(request, response) {
    const parser = createRequestParser();
    const userId = parser.id('userId', request.params.userId);
    const range = parser.dayRange(request.query);
    parser.finish();
    const totals = await readModel.readDailyTotals(userId, focus.id, range, MAX_DAYS);
    sendJson(response, 200, {
      userId,
      days: totals.map(({ day, totalMs }) => ({
        date: toIsoDate(day),
        seconds: wholeSeconds(totalMs),
        qualified: totalMs >= focus.targetMs,
      })),
    });
  });
}
