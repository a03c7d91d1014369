import { type DefaultTargets, RULE_IDS } from '@streaks/shared/domain/rules';
import { resolveSettings } from '@streaks/shared/domain/settings/effective-settings';
import { noSettings } from '@streaks/shared/domain/settings/stored-settings';
import type { FaultList } from '../fault-list';
import { checkCorrections } from './check-corrections';
import { recountDays } from './recount-days';
import { recountStreak } from './recount-streak';
import type { StoredContext, StoredUser } from './stored-user';

/**
 * Counts a user's days again from the events, and the streaks from the stored days and the settings; adds what differs to the
 * faults. The streaks of who waits for a changed organisation are left to the one who evaluates them.
 */
export function recountUser(
  user: StoredUser,
  context: StoredContext,
  targets: DefaultTargets,
  faults: FaultList,
): void {
  if (user.special !== undefined && user.special.settings === undefined) {
    faults.add('settings cannot be read', user.userId);
    return;
  }
  checkCorrections(user, context, faults);
  const settings = resolveSettings(user.special?.settings ?? noSettings, context.organisations);
  for (const ruleId of RULE_IDS) {
    recountDays(user, ruleId, faults);
    if (user.isWaiting) continue;
    const rules = { ruleId, target: targets[ruleId], settings, nowMs: context.nowMs };
    recountStreak(user.userId, user.rules[ruleId], rules, faults);
  }
}
