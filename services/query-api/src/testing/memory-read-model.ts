import { RULE_IDS } from '@streaks/shared/domain/rules';
import { resolveSettings } from '@streaks/shared/domain/settings/effective-settings';
import { noSettings, type StoredSettings } from '@streaks/shared/domain/settings/stored-settings';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import type {
  CheckInRecord,
  DailyTotal,
  Friend,
  HistoryNews,
  HistoryPosition,
  ReadModel,
  SessionRecord,
  StoredStreak,
  StreakChange,
} from '../stores/read-model';
import type { StoreCircuit } from '../stores/store-circuit';

/** What tests hold instead of Postgres. */
export interface MemoryReadModel extends ReadModel {
  readonly streaks: StoredStreak[];
  readonly totals: (DailyTotal & { readonly userId: string })[];
  readonly sessions: Map<string, SessionRecord>;
  readonly checkIns: Map<string, CheckInRecord>;
  readonly settings: Map<string, StoredSettings>;
  /** Of each user, in any order. */
  readonly changes: (StreakChange & { readonly userId: string })[];
  readonly friends: Map<string, Friend[]>;
}

export function createMemoryReadModel(circuit: StoreCircuit, check: () => void): MemoryReadModel {
  const streaks: StoredStreak[] = [];
  const totals: (DailyTotal & { readonly userId: string })[] = [];
  const sessions = new Map<string, SessionRecord>();
  const checkIns = new Map<string, CheckInRecord>();
  const settings = new Map<string, StoredSettings>();
  const changes: (StreakChange & { readonly userId: string })[] = [];
  const friends = new Map<string, Friend[]>();

  function ask<T>(answer: () => T): Promise<T> {
    return circuit.run(async () => {
      check();
      return answer();
    });
  }

  function historyOf(userId: string, ruleId: string): StreakChange[] {
    return changes
      .filter((change) => change.userId === userId && change.ruleId === ruleId)
      .map(({ userId: _, ...change }) => change)
      .sort((one, other) => one.version - other.version);
  }

  function newsOf(position: HistoryPosition, limit: number): HistoryNews {
    const { userId, ruleId, version } = position;
    const row = streaks.find((stored) => stored.userId === userId && stored.ruleId === ruleId);
    return {
      position,
      currentVersion: row?.state.version ?? 0,
      changes: historyOf(userId, ruleId)
        .filter((change) => change.version > version)
        .slice(0, limit),
    };
  }

  return {
    streaks,
    totals,
    sessions,
    checkIns,
    settings,
    changes,
    friends,
    readStreaks: (userIds, ruleIds) =>
      ask(() => streaks.filter((row) => userIds.includes(row.userId) && ruleIds.includes(row.ruleId))),
    readTotalsOn: (userId, ruleIds, days) =>
      ask(() =>
        totals.filter((total) => total.userId === userId && ruleIds.includes(total.ruleId) && days.includes(total.day)),
      ),
    readDailyTotals: (userId, ruleId, { from, to }, limit) =>
      ask(() =>
        totals
          .filter((total) => total.userId === userId && total.ruleId === ruleId)
          .filter((total) => (from === null || total.day >= from) && (to === null || total.day <= to))
          .sort((one, other) => one.day - other.day)
          .slice(-limit),
      ),
    readSettings: (userId) => ask(() => resolveSettings(settings.get(userId) ?? noSettings, new Map())),
    readSession: (userId, sessionId) => ask(() => sessions.get(`${userId}/${sessionId}`)),
    readCheckIn: (userId, checkInId) => ask(() => checkIns.get(`${userId}/${checkInId}`)),
    readHistory: (userId, ruleId, belowVersion, limit) =>
      ask(() =>
        historyOf(userId, ruleId)
          .filter(({ version }) => version < (belowVersion ?? Number.POSITIVE_INFINITY))
          .reverse()
          .slice(0, limit),
      ),
    readNews: (positions, limit) =>
      ask(() =>
        positions
          .map((position) => newsOf(position, limit))
          .filter(({ position, currentVersion }) => currentVersion !== position.version),
      ),
    readFriends: (userId, aboveId, limit) =>
      ask(() =>
        (friends.get(userId) ?? [])
          .filter((friend) => aboveId === null || compareUtf8(friend.userId, aboveId) > 0)
          .sort((one, other) => compareUtf8(one.userId, other.userId))
          .slice(0, limit),
      ),
    ping: () => ask(() => undefined),
  };
}

/** A change of a user's streak with figures that nobody looks at, unless they are given. */
export function changeOf(
  userId: string,
  version: number,
  details: Partial<StreakChange> = {},
): StreakChange & { readonly userId: string } {
  const figures = (count: number) => ({
    currentStreak: count,
    longestStreak: count,
    qualifiedDaysCount: count,
    lastQualifiedDate: null,
  });
  return {
    userId,
    ruleId: RULE_IDS[0] ?? 'focus',
    version,
    changeType: version === 1 ? 'FIRST_ACTIVITY' : 'STREAK_INCREMENT',
    qualifiedDate: null,
    before: figures(version - 1),
    after: figures(version),
    timezone: 'UTC',
    requestId: null,
    source: { topicId: '00000000-0000-0000-0000-000000000001', partition: 0, offset: version },
    recordedAtMs: Date.parse('2025-01-15T10:00:00Z') + version,
    eventId: `00000000-0000-4000-8000-${String(version).padStart(12, '0')}`,
    ...details,
  };
}
