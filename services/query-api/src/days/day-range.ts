import { FIRST_LOCAL_DAY, LAST_LOCAL_DAY, type LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { z } from 'zod';
import { faultText } from '../http/requests/fault-text';
import { dayParameter } from '../http/requests/parameters';

/** Most days of one answer of daily totals; a closed range must not be longer. */
export const MAX_DAYS = 1_000;

/** `from` and `to`, both optional and included. */
export const dayRangeShape = {
  from: dayParameter.optional().meta({ description: 'First day; included' }),
  to: dayParameter.optional().meta({ description: 'Last day; included' }),
};

interface Bounds {
  readonly from?: LocalDay | undefined;
  readonly to?: LocalDay | undefined;
}

/** Refuses a range that ends before it begins, and a closed one of more days than are answered. */
export function checkDayRange({ mostDays = Number.POSITIVE_INFINITY }: { readonly mostDays?: number } = {}) {
  return function check({ from, to }: Bounds, context: z.RefinementCtx): void {
    if (from === undefined || to === undefined) {
      return;
    }
    if (to < from) {
      context.addIssue({
        code: 'custom',
        path: ['to'],
        message: faultText('TO_BEFORE_FROM', 'must not be before from'),
      });
    } else if (to - from >= mostDays) {
      const message = faultText('RANGE_TOO_LONG', `must be at most ${mostDays - 1} days after from`);
      context.addIssue({ code: 'custom', path: ['to'], message });
    }
  };
}

export function isLocalDay(value: unknown): value is LocalDay {
  return Number.isInteger(value) && Number(value) >= FIRST_LOCAL_DAY && Number(value) <= LAST_LOCAL_DAY;
}
