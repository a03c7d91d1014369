import { problem } from '@streaks/shared/errors/problem';
import { sendJson } from '@streaks/shared/http/send-json';
import type { Clock } from '@streaks/shared/lifecycle/clock';
import express, { type Express, type Request } from 'express';
import type { DailyTotal, ReadModel } from '../stores/read-model';
import { StoreUnavailable } from '../stores/store-circuit';
import { FOCUS_RULE_ID, type StreakRule } from '../streaks/rules';
import { answerRuleStreak, answerStreak, zoneOf } from '../streaks/streak-answers';
import type { StreakReader } from '../streaks/streak-reader';
import { createRequestParser, type Fields } from './parse-request';

/** 1,000 ids of 128 characters, each of them escaped as a surrogate pair. */
const MAX_BATCH_BYTES = 2 * 1024 * 1024;

export interface StreakRoutesOptions {
  readonly streaks: StreakReader;
  readonly readModel: Pick<ReadModel, 'readTotalsOn'>;
  readonly rules: readonly StreakRule[];
  readonly clock: Clock;
}

/** `GET /users/{id}/streak`, `GET /users/{id}/streaks` and `POST /streaks/batch`. */
export function addStreakRoutes(app: Express, { streaks, readModel, rules, clock }: StreakRoutesOptions): void {
  const ruleIds = rules.map(({ id }) => id);

  app.get('/users/:userId/streak', async function getStreak(request, response) {
    const parser = createRequestParser();
    const userId = parser.id('userId', request.params.userId);
    const moment = parser.moment(request.query);
    parser.finish();
    const state = await streaks.readUser(userId, FOCUS_RULE_ID);
    sendJson(response, 200, answerStreak(userId, state, moment, clock.nowMs()));
  });

  app.get('/users/:userId/streaks', async function getStreaks(request, response) {
    const parser = createRequestParser();
    const userId = parser.id('userId', request.params.userId);
    const asked = parser.zone(request.query);
    parser.finish();
    const states = await streaks.readRules(userId, ruleIds);
    const nowMs = clock.nowMs();
    const inputs = rules.flatMap((rule, index) => {
      const state = states[index];
      const zone = state === undefined ? undefined : zoneOf(state, asked);
      return state === undefined || zone === undefined ? [] : [{ rule, state, zone, today: zone.dayOf(nowMs) }];
    });
    const days = [...new Set(inputs.map(({ today }) => today))];
    const totals = await unlessUnavailable(readModel.readTotalsOn(userId, days));
    sendJson(response, 200, {
      userId,
      streaks: inputs.map((input) =>
        answerRuleStreak({ ...input, totalTodayMs: findTotal(totals, input.rule.id, input.today) }),
      ),
    });
  });

  const readJson = express.json({ limit: MAX_BATCH_BYTES });
  app.post('/streaks/batch', readJson, async function postStreaksBatch(request, response) {
    const fields = objectBody(request);
    const parser = createRequestParser();
    const userIds = parser.userIds(fields);
    const moment = parser.moment(fields);
    parser.finish();
    const states = await streaks.readUsers(userIds, FOCUS_RULE_ID);
    const nowMs = clock.nowMs();
    sendJson(response, 200, {
      streaks: states.map((state, index) => answerStreak(userIds[index] ?? '', state, moment, nowMs)),
    });
  });
}

function objectBody(request: Request): Fields {
  const body: unknown = request.body;
  if (body === undefined) {
    throw problem({ code: 'STREAKS_UNSUPPORTED_MEDIA_TYPE', detail: 'send a body of content type application/json' });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    const message = 'the body must be an object such as {"userIds":["u1","u2"]}';
    throw problem({ code: 'STREAKS_INVALID_REQUEST', errors: [{ field: '', code: 'NOT_AN_OBJECT', message }] });
  }
  return body as Fields;
}

/** Today's seconds are an extra: without Postgres the streaks themselves still answer. */
async function unlessUnavailable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof StoreUnavailable) {
      return undefined;
    }
    throw error;
  }
}

function findTotal(totals: readonly DailyTotal[] | undefined, ruleId: string, day: number): number | undefined {
  return totals === undefined
    ? undefined
    : (totals.find((total) => total.ruleId === ruleId && total.day === day)?.totalMs ?? 0);
}
