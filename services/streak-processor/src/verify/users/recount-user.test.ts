import { type LocalDay, parseIsoDate } from '@streaks/shared/domain/calendar/local-day';
import type { DefaultTargets, RuleId } from '@streaks/shared/domain/rules';
import type { SettingsChange } from '@streaks/shared/domain/settings/settings-change';
import { addChange, noSettings, type StoredSettings } from '@streaks/shared/domain/settings/stored-settings';
import { foldUser, type RecordedEvent } from '@streaks/shared/domain/streaks/fold-user';
import { type StreakState, summarise } from '@streaks/shared/domain/streaks/streak-state';
import { bucketOf } from '../../projections/streaks/buckets/lock-buckets';
import { createFaultList } from '../fault-list';
import { recountUser } from './recount-user';
import type { StoredContext, StoredDay, StoredRule, StoredStreak, StoredUser } from './stored-user';

const TARGETS: DefaultTargets = { focus: 1_800_000, activity: 1 };
const RECORD_MS = Date.parse('2025-01-16T00:00:00Z');
const day = (date: string): LocalDay => parseIsoDate(date) as LocalDay;

const sessions = ['2025-01-14', '2025-01-15'].map((date) => ({
  userId: 'u',
  sessionId: date,
  startMs: Date.parse(`${date}T10:00:00Z`),
  endMs: Date.parse(`${date}T11:00:00Z`),
  timezone: 'Asia/Tokyo',
  recordTimeMs: RECORD_MS,
}));
const checkIn = {
  userId: 'u',
  checkInId: 'c',
  atMs: Date.parse('2025-01-15T23:30:00Z'),
  timezone: 'Europe/Berlin',
  recordTimeMs: RECORD_MS,
};
const HOUR = (date: string): StoredDay => ({
  total: 3_600_000,
  latest: { endMs: Date.parse(`${date}T11:00:00Z`), id: date, timezone: 'Asia/Tokyo' },
});
const focusDays = new Map(['2025-01-14', '2025-01-15'].map((date) => [day(date), HOUR(date)]));
const checkInDays = new Map<LocalDay, StoredDay>([
  [day('2025-01-16'), { total: 1, latest: { endMs: checkIn.atMs, id: 'c', timezone: 'Europe/Berlin' } }],
]);

type Expiries = Readonly<Record<RuleId, string>>;
/** The start of 17 January in Tokyo, where the 15th was the last qualified day, and of the 18th in Berlin. */
const USUAL: Expiries = { focus: '2025-01-16T15:00:00Z', activity: '2025-01-17T23:00:00Z' };

/** The streaks that the domain makes of the user's events; when they expire is told by hand. */
function streaksOf(
  change: SettingsChange | undefined,
  organisation: StoredSettings,
  expiries: Expiries,
): Record<RuleId, StoredStreak> {
  const events: RecordedEvent[] = [
    ...sessions.map((session) => ({ kind: 'session' as const, ...session })),
    { kind: 'check-in', ...checkIn },
    ...(change === undefined ? [] : [{ kind: 'settings' as const, change, recordTimeMs: RECORD_MS }]),
  ];
  const { focus, activity } = foldUser(events, TARGETS, new Map([['acme', organisation]]));
  const stored = (state: StreakState, expiry: string): StoredStreak => ({
    state: { ...state, version: 2 },
    summary: summarise(state),
    expiresAtMs: state.runs.length === 0 ? null : Date.parse(expiry),
  });
  return { focus: stored(focus, expiries.focus), activity: stored(activity, expiries.activity) };
}

interface Given {
  readonly change?: Partial<SettingsChange>;
  readonly organisation?: StoredSettings;
  readonly expiries?: Partial<Expiries>;
  readonly user?: Partial<StoredUser>;
  readonly focus?: Partial<StoredRule>;
  readonly activity?: Partial<StoredRule>;
  readonly context?: Partial<StoredContext>;
}

/** A user of whom everything is right but for what is given. */
function faultsOf({
  change,
  organisation = noSettings,
  expiries,
  user,
  focus,
  activity,
  context,
}: Given): readonly string[] {
  const changed = change && { changeId: 'x', changedAtMs: RECORD_MS, effectiveFrom: day('2025-01-01'), ...change };
  const known = streaksOf(changed, organisation, { ...USUAL, ...expiries });
  const faults = createFaultList();
  recountUser(
    {
      userId: 'u',
      sessions,
      checkIns: [checkIn],
      retractions: [],
      special: changed && {
        hasRetractions: false,
        erasedAtMs: null,
        settings: addChange(noSettings, changed, RECORD_MS),
      },
      memberOf: change?.organisationId ? [change.organisationId] : [],
      isWaiting: false,
      rules: {
        focus: { days: focusDays, streak: known.focus, ...focus },
        activity: { days: checkInDays, streak: known.activity, ...activity },
      },
      ...user,
    },
    {
      organisations: new Map([['acme', organisation]]),
      markedBuckets: new Set([bucketOf('u')]),
      nowMs: RECORD_MS,
      ...context,
    },
    TARGETS,
    faults,
  );
  return faults.lines();
}

const HALF_DAY: Partial<SettingsChange> = { dailyTargetSeconds: 7_200, effectiveFrom: day('2025-01-15') };
const UNTIL_THE_16TH: Given = { expiries: { focus: '2025-01-15T15:00:00Z' } };
const FREEZES: Partial<SettingsChange> = { freeze: { earnEvery: 1, cap: 1 }, effectiveFrom: day('2025-01-15') };
const streaks = streaksOf(undefined, noSettings, USUAL);
const withFocus = (change: (streak: StoredStreak) => StoredStreak): Given => ({
  focus: { streak: change(streaks.focus) },
});
const special = { hasRetractions: true, erasedAtMs: null, settings: noSettings };
const erased = { hasRetractions: false, erasedAtMs: RECORD_MS, settings: noSettings };
const retraction = { sessionId: '2025-01-14', recordTimeMs: RECORD_MS, sessionRecordTimeMs: null };
const nothing: Given = {
  user: { sessions: [], checkIns: [] },
  focus: { days: new Map(), streak: undefined },
  activity: { days: new Map(), streak: undefined },
};

describe('recountUser', () => {
  it.each<readonly [string, Given]>([
    ['sessions and check-ins', {}],
    ['nobody', nothing],
    ['a target of their own, from a date', { change: HALF_DAY, ...UNTIL_THE_16TH }],
    [
      'a target of the organisation',
      { change: { organisationId: 'acme' }, organisation: organisationWith(HALF_DAY), ...UNTIL_THE_16TH },
    ],
    [
      'a zone of their own',
      { change: { timezone: 'UTC' }, expiries: { focus: '2025-01-17T00:00:00Z', activity: '2025-01-18T00:00:00Z' } },
    ],
    ['a freeze', { change: FREEZES, expiries: { focus: '2025-01-17T15:00:00Z', activity: '2025-01-18T23:00:00Z' } }],
    [
      'an expiry in the past that was never stored',
      { ...withFocus((streak) => ({ ...streak, expiresAtMs: null })), context: { nowMs: RECORD_MS + 86_400_000 } },
    ],
    [
      'streaks that wait for the organisation',
      { user: { isWaiting: true }, ...withFocus((streak) => ({ ...streak, state: { ...streak.state, runs: [] } })) },
    ],
  ])('finds nothing in %s', (_, given) => {
    expect(faultsOf(given)).toEqual([]);
  });

  it.each<readonly [string, Given, RegExp]>([
    [
      'a millisecond too many',
      { focus: { days: days((stored) => ({ ...stored, total: stored.total + 1 })) } },
      /^daily_totals differs from focus_sessions .*3600001 ms/,
    ],
    [
      'the zone of another event',
      { focus: { days: days(({ total, latest }) => ({ total, latest: { ...latest, timezone: 'UTC' } })) } },
      /^daily_totals .*in UTC, counted .*in Asia\/Tokyo/,
    ],
    ['a day missing', { focus: { days: new Map([...focusDays].slice(1)) } }, /^daily_totals .*: missing, counted/],
    ['a day of no session', { user: { sessions: sessions.slice(1) } }, /^daily_totals .*counted nothing/],
    [
      'a check-in that is not counted',
      { activity: { days: new Map() } },
      /^daily_totals differs from check_ins .*missing, counted 1 check-ins/,
    ],
    [
      'a check-in counted twice',
      { activity: { days: new Map([...checkInDays].map(([at, stored]) => [at, { ...stored, total: 2 }])) } },
      /^daily_totals differs from check_ins .*2 check-ins/,
    ],
    ['no streak', { focus: { streak: undefined } }, /^user_streaks differs from daily_totals .*u \(focus\)/],
    [
      'no streak of check-ins',
      { activity: { streak: undefined } },
      /^user_streaks differs from daily_totals .*u \(activity\)/,
    ],
    [
      'a longest run that is none',
      withFocus((streak) => ({ ...streak, summary: { ...streak.summary, longest: 3 } })),
      /^user_streaks .*longest 3/,
    ],
    [
      'another zone of the streak',
      withFocus((streak) => ({ ...streak, state: { ...streak.state, timezone: 'UTC' } })),
      /^user_streaks .*in UTC/,
    ],
    [
      'a target that was not heeded',
      { change: HALF_DAY, ...withFocus((streak) => streak) },
      /^user_streaks differs from daily_totals .*2 days, counted .*1 days/,
    ],
    [
      'freezes that are not known',
      { change: FREEZES, ...withFocus((streak) => streak) },
      /^user_streaks differs from the settings .*u \(focus\): no bridging/,
    ],
    [
      'somebody listed against their wish',
      { change: { leaderboardOptOut: true }, ...withFocus((streak) => streak) },
      /^user_streaks differs from the settings .*listed, they say .*unlisted/,
    ],
    [
      'another expiry',
      withFocus((streak) => ({ ...streak, expiresAtMs: RECORD_MS + 1 })),
      /^user_streaks expires otherwise/,
    ],
    [
      'a zone that is none',
      { user: { sessions: sessions.map((session) => ({ ...session, timezone: 'Nowhere' })) } },
      /^focus_sessions cannot be counted/,
    ],
    [
      'a retracted session',
      { user: { special, retractions: [retraction] } },
      /^a retracted session is stored .*u 2025-01-14/,
    ],
    [
      'a session kept for an erasure that cannot bring it back',
      { user: { special, retractions: [{ ...retraction, sessionId: 'other', sessionRecordTimeMs: RECORD_MS }] } },
      /^a retracted session is stored .*other/,
    ],
    [
      'retractions that nobody looks for',
      { user: { retractions: [retraction] } },
      /^special_users does not tell of retractions/,
    ],
    ['a session of who was erased', { user: { special: erased } }, /^what was erased is left .*2 sessions/],
    ['a check-in of who was erased', { user: { special: erased } }, /^what was erased is left .*1 check-ins/],
    [
      'a retraction of who was erased',
      { user: { special: erased, retractions: [retraction] } },
      /^what was erased is left .*1 retractions/,
    ],
    [
      'a setting of who was erased',
      { user: { special: { ...erased, settings: organisationWith(HALF_DAY) } } },
      /^what was erased is left .*settings/,
    ],
    [
      'settings that are none',
      { user: { special: { ...special, settings: undefined } } },
      /^settings cannot be read \(1\): u$/,
    ],
    [
      'a bucket that is not marked',
      { change: HALF_DAY, context: { markedBuckets: new Set() } },
      /^special_buckets lacks a bucket/,
    ],
    [
      'a member that the organisation does not know',
      { change: { organisationId: 'acme' }, user: { memberOf: [] } },
      /^organisation_members differs .*of none, they say acme/,
    ],
    ['a member that left', { user: { memberOf: ['acme'] } }, /^organisation_members differs .*of acme, they say none/],
    [
      'a member of no organisation',
      { change: { organisationId: 'acme' }, context: { organisations: new Map() } },
      /^organisations lacks .*acme/,
    ],
  ])('finds %s', (_, given, fault) => {
    expect(faultsOf(given)).toEqual(expect.arrayContaining([expect.stringMatching(fault)]));
  });
});

function days(change: (stored: StoredDay) => StoredDay): StoredRule['days'] {
  return new Map([...focusDays].map(([at, stored]) => [at, change(stored)]));
}

function organisationWith(change: Partial<SettingsChange>): StoredSettings {
  const whole = { changeId: 'o', changedAtMs: RECORD_MS, effectiveFrom: day('2025-01-01'), ...change };
  return addChange(noSettings, whole, RECORD_MS);
}
