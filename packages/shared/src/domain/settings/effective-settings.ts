import type { LocalDay } from '../calendar/local-day';
import { FOCUS_RULE, type RuleId } from '../rules';
import { type Bridging, type FreezeRule, type FreezeStep, sameFreezeRule } from '../streaks/bridging';
import { compareUtf8 } from '../utf8-order';
import { latestValue, type Steps, stepsOf, valueOn } from './steps';
import { noSettings, type StoredSettings } from './stored-settings';

/** What a user's settings and those of the organisations they belong to amount to. */
export interface EffectiveSettings {
  /** Where the user says to be; null: nowhere, so that the events tell. */
  readonly timezone: string | null;
  /** The user does not want to be on boards. */
  readonly isUnlisted: boolean;
  /** What a day needs: milliseconds of `focus`, a number of check-ins of `activity`. Undefined: the default. */
  targetOn(ruleId: RuleId, day: LocalDay): number | undefined;
  /** Undefined where the user has neither a freeze rule nor a pause. */
  readonly bridging: Bridging | undefined;
}

/** The settings that an organisation may have in its members' stead. */
type SharedField = 'dailyTargetSeconds' | 'dailyCheckInTarget' | 'freeze';

/** The organisations that the user belongs to at some date, ascending by bytes: whose settings `resolveSettings` needs. */
export function organisationIdsOf(user: StoredSettings): readonly string[] {
  const ids = stepsOf(user.organisationId).map(({ value }) => value);
  return [...new Set(ids.filter((id) => id !== null))].sort(compareUtf8);
}

/**
 * On each day the user's own setting counts, else that of the organisation that the user belongs to on that day, else the
 * default. An organisation that is not given has no settings.
 */
export function resolveSettings(
  user: StoredSettings,
  organisations: ReadonlyMap<string, StoredSettings>,
): EffectiveSettings {
  const seconds = stepsWithOrganisations(user, organisations, 'dailyTargetSeconds');
  const checkIns = stepsWithOrganisations(user, organisations, 'dailyCheckInTarget');
  return {
    timezone: latestValue(user.timezone),
    isUnlisted: latestValue(user.leaderboardOptOut) === true,
    targetOn(ruleId, day) {
      const target = valueOn(ruleId === FOCUS_RULE ? seconds : checkIns, day);
      return target === null ? undefined : target * (ruleId === FOCUS_RULE ? 1000 : 1);
    },
    bridging: resolveBridging(user, organisations),
  };
}

function resolveBridging(
  user: StoredSettings,
  organisations: ReadonlyMap<string, StoredSettings>,
): Bridging | undefined {
  const pauses = latestValue(user.pauses) ?? [];
  const freezes: FreezeStep[] = [];
  for (const { from, value } of stepsWithOrganisations(user, organisations, 'freeze')) {
    if (!sameFreezeRule(freezes.at(-1)?.rule ?? null, value)) {
      freezes.push({ from, rule: value });
    }
  }
  return freezes.length === 0 && pauses.length === 0 ? undefined : { freezes, pauses };
}

type SharedValue<Field extends SharedField> = Field extends 'freeze' ? FreezeRule : number;

function stepsWithOrganisations<Field extends SharedField>(
  user: StoredSettings,
  organisations: ReadonlyMap<string, StoredSettings>,
  field: Field,
): Steps<SharedValue<Field>> {
  type Entries = Parameters<typeof stepsOf<SharedValue<Field>>>[0];
  const own = stepsOf(user[field] as Entries);
  const memberships = stepsOf(user.organisationId);
  if (memberships.length === 0) {
    return own;
  }
  const ofOrganisation = new Map(
    organisationIdsOf(user).map((id) => [id, stepsOf((organisations.get(id) ?? noSettings)[field] as Entries)]),
  );
  const starts = [own, memberships, ...ofOrganisation.values()].flatMap((steps) => steps.map(({ from }) => from));
  return [...new Set(starts)]
    .sort((one, other) => one - other)
    .map((from) => {
      const organisationId = valueOn(memberships, from);
      const shared = organisationId === null ? undefined : ofOrganisation.get(organisationId);
      return { from, value: valueOn(own, from) ?? valueOn(shared ?? [], from) };
    });
}
