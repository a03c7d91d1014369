import { type CheckIn, sameCheckIn } from '@streaks/shared/domain/events/check-in';
import { ACTIVITY_RULE } from '@streaks/shared/domain/rules';
import { checkInTable } from '../sql/event-table';
import { type RuleSource, requireZone } from './rule-source';

/** Check-ins add 1 each to the local day of their instant. */
export const activitySource: RuleSource<CheckIn> = {
  ruleId: ACTIVITY_RULE,
  table: checkInTable,
  conflict: {
    reason: 'CHECK_IN_CONFLICT',
    detail: 'a check-in of this user and id with another instant or time zone came before; it is kept',
  },
  idOf: ({ checkInId }) => checkInId,
  endOf: ({ atMs }) => atMs,
  isRepeat: sameCheckIn,
  addToDays: ({ atMs, timezone }, add) => add(requireZone(timezone).dayOf(atMs), 1),
};
