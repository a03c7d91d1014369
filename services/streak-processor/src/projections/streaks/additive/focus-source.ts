import { splitAtLocalMidnights } from '@streaks/shared/domain/calendar/split-session';
import { type Session, sameSession } from '@streaks/shared/domain/events/session';
import { FOCUS_RULE } from '@streaks/shared/domain/rules';
import { sessionTable } from '../sql/event-table';
import { type RuleSource, requireZone } from './rule-source';

/** Sessions add their milliseconds to each local day that they touch. */
export const focusSource: RuleSource<Session> = {
  ruleId: FOCUS_RULE,
  table: sessionTable,
  conflict: {
    reason: 'SESSION_CONFLICT',
    detail: 'a session of this user and id with other instants or another time zone came before; it is kept',
  },
  idOf: ({ sessionId }) => sessionId,
  endOf: ({ endMs }) => endMs,
  isRepeat: sameSession,
  addToDays: ({ startMs, endMs, timezone }, add) => splitAtLocalMidnights(startMs, endMs, requireZone(timezone), add),
};
