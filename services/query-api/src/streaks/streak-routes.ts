import { ACTIVITY_RULE, FOCUS_RULE, RULE_IDS } from '@streaks/shared/domain/rules';
import type { Clock } from '@streaks/shared/lifecycle/clock';
import type { Express } from 'express';
import { addRoute } from '../http/add-route';
import type { ReadModel } from '../stores/read-model';
import { unlessUnavailable } from '../stores/unless-unavailable';
import type { StreakReader } from './reading/streak-reader';
import type { DefaultTargets } from './rules';
import { answerApiStreak, answerRuleStreak, answerStreak } from './streak-answers';
import { apiStreakDocument, streakDocument, streaksBatchDocument, streaksDocument } from './streak-documents';
import { readTodayProgress } from './today-progress';
import { zoneOf } from './zone-of';

/** 1,000 ids of 128 characters, each of them escaped as a surrogate pair. */
const MAX_BATCH_BYTES = 2 * 1024 * 1024;

export interface StreakRoutesOptions {
  readonly streaks: StreakReader;
  readonly readModel: Pick<ReadModel, 'readTotalsOn' | 'readSettings'>;
  readonly targets: DefaultTargets;
  readonly clock: Clock;
}

/** `GET /users/{id}/streak`, `GET /users/{id}/streaks`, `POST /streaks/batch` and `GET /api/streak/{id}`. */
export function addStreakRoutes(app: Express, options: StreakRoutesOptions): void {
  const { streaks, clock } = options;

  addRoute(app, streakDocument, async ({ params: { userId }, query }) => {
    const state = await streaks.readUser(userId, FOCUS_RULE);
    return answerStreak(userId, state, query, clock.nowMs());
  });

  addRoute(app, streaksDocument, async ({ params: { userId }, query }) => {
    const nowMs = clock.nowMs();
    const [states, progress] = await Promise.all([
      streaks.readRules(userId, RULE_IDS),
      // An extra: without Postgres the streaks themselves still answer.
      unlessUnavailable(readTodayProgress(options, userId, nowMs)),
    ]);
    // A rule that has no zone of its own is asked about where the user is known to be.
    const knownZones = [progress?.timezone, ...states.map((state) => state?.timezone)];
    return {
      userId,
      streaks: RULE_IDS.flatMap((ruleId, index) => {
        const state = states[index];
        if (state === undefined) {
          return [];
        }
        const zone = zoneOf(state, query.timezone, ...knownZones);
        const today = zone.dayOf(nowMs);
        return [answerRuleStreak({ ruleId, state, zone, today, progress: progress?.on(ruleId, today) })];
      }),
    };
  });

  addRoute(
    app,
    streaksBatchDocument,
    async ({ body: { userIds, ...moment } }) => {
      const states = await streaks.readUsers(userIds, FOCUS_RULE);
      const nowMs = clock.nowMs();
      return { streaks: states.map((state, index) => answerStreak(userIds[index] ?? '', state, moment, nowMs)) };
    },
    { maxBodyBytes: MAX_BATCH_BYTES },
  );

  addRoute(app, apiStreakDocument, async ({ params: { userId }, query }) => {
    const state = await streaks.readUser(userId, ACTIVITY_RULE);
    return answerApiStreak(state, query.timezone, clock.nowMs());
  });
}
