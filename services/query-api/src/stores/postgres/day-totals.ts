import { type LocalDay, toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import type { DailyTotal, ReadModel } from '../read-model';
import { dayColumn, type PostgresQuery } from './postgres-query';

const COLUMNS = `rule_id, ${dayColumn('local_date')} AS day, total::text AS total`;

const READ_TOTALS_ON = `
  SELECT ${COLUMNS} FROM daily_totals
   WHERE user_id = $1 AND rule_id = ANY($2::text[]) AND local_date = ANY($3::text[]::date[])`;

const READ_DAILY_TOTALS = `
  SELECT ${COLUMNS} FROM daily_totals
   WHERE user_id = $1 AND rule_id = $2
     AND local_date >= coalesce($3::date, '-infinity') AND local_date <= coalesce($4::date, 'infinity')
   ORDER BY local_date DESC
   LIMIT $5`;

type TotalRow = { rule_id: string; day: LocalDay; total: string };

export function createDayTotals(query: PostgresQuery): Pick<ReadModel, 'readTotalsOn' | 'readDailyTotals'> {
  return {
    async readTotalsOn(userId, ruleIds, days) {
      const values = [userId, ruleIds, days.map(toIsoDate)];
      return (await query<TotalRow>('read_totals_on', READ_TOTALS_ON, values)).map(toDailyTotal);
    },
    async readDailyTotals(userId, ruleId, { from, to }, limit) {
      const bounds = [from, to].map((day) => (day === null ? null : toIsoDate(day)));
      const rows = await query<TotalRow>('read_daily_totals', READ_DAILY_TOTALS, [userId, ruleId, ...bounds, limit]);
      return rows.map(toDailyTotal).reverse();
    },
  };
}

function toDailyTotal({ rule_id: ruleId, day, total }: TotalRow): DailyTotal {
  return { ruleId, day, total: Number(total) };
}
