import { DEFAULT_CHECK_IN_TARGET, type DefaultTargets } from '@streaks/shared/domain/rules';
import type { EngineParts } from './engine-parts';

/** What a day needs where neither the user nor an organisation says otherwise. */
export const defaultTargets = (config: Pick<EngineParts['config'], 'FOCUS_DAILY_TARGET_SECONDS'>): DefaultTargets => ({
  focus: config.FOCUS_DAILY_TARGET_SECONDS * 1_000,
  activity: DEFAULT_CHECK_IN_TARGET,
});
