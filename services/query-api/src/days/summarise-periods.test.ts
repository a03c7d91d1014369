import { day } from '../testing/query-app-harness';
import { summarisePeriods } from './summarise-periods';

const totals = (entries: Readonly<Record<string, number>>) =>
  Object.entries(entries).map(([date, total]) => ({ ruleId: 'focus', day: day(date), total }));

const isQualified = ({ total }: { readonly total: number }) => total >= 10;

describe('summarisePeriods', () => {
  it('sums up each week that has a total, newest first', () => {
    const summaries = summarisePeriods(
      'week',
      totals({
        '2025-01-03': 10,
        '2025-01-13': 5,
        '2025-01-14': 10,
        '2025-01-15': 12,
        '2025-01-17': 30,
        '2025-01-19': 0,
      }),
      isQualified,
    );
    expect(summaries.map(({ period, ...summary }) => ({ name: period.name, ...summary }))).toEqual([
      { name: '2025-W03', total: 57, activeDays: 4, qualifiedDays: 3, bestRun: 2 },
      { name: '2025-W01', total: 10, activeDays: 1, qualifiedDays: 1, bestRun: 1 },
    ]);
  });

  it('cuts a run at the end of a period', () => {
    const summaries = summarisePeriods(
      'month',
      totals({ '2025-01-30': 10, '2025-01-31': 10, '2025-02-01': 10, '2025-02-02': 9 }),
      isQualified,
    );
    expect(summaries.map(({ bestRun }) => bestRun)).toEqual([1, 2]);
  });

  it('has nothing to say of no totals', () => {
    expect(summarisePeriods('week', [], isQualified)).toEqual([]);
  });
});
