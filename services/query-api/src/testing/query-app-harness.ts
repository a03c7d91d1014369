import { type LocalDay, parseIsoDate } from '@streaks/shared/domain/local-day';
import { runsFromDays } from '@streaks/shared/domain/runs';
import type { StreakState } from '@streaks/shared/domain/streak-state';
import { createLogger } from '@streaks/shared/observability/create-logger';
import { createMemoryStreakStore } from '@streaks/shared/redis/create-memory-streak-store';
import type { StreakStore } from '@streaks/shared/redis/streak-store';
import { Registry } from 'prom-client';
import { createQueryApp } from '../create-query-app';
import { createQueryMetrics, recordStoreState } from '../metrics';
import type { DailyTotal, ReadModel, SessionRecord, StoredStreak } from '../stores/read-model';
import { createStoreCircuit, type StoreCircuit, type StoreName } from '../stores/store-circuit';

/** What tests hold instead of Postgres. */
export interface MemoryReadModel extends ReadModel {
  readonly streaks: StoredStreak[];
  readonly totals: (DailyTotal & { readonly userId: string })[];
  readonly sessions: Map<string, SessionRecord>;
}

/** A day by its date; throws for a text that is none. */
export function day(isoDate: string): LocalDay {
  const parsed = parseIsoDate(isoDate);
  if (parsed === undefined) {
    throw new Error(`no date: ${isoDate}`);
  }
  return parsed;
}

/** A state with those qualified days. */
export function stateOf(isoDates: readonly string[], timezone: string | null = 'UTC', version = 1): StreakState {
  return { runs: runsFromDays(isoDates.map(day)), timezone, version };
}

/** An app on stores in memory, each of which can be taken away. */
export function createHarness({ nowMs = Date.parse('2025-01-15T12:00:00Z') } = {}) {
  const registry = new Registry();
  const metrics = createQueryMetrics(registry);
  const clock = { now: nowMs, monotonic: 0 };
  const down: Record<StoreName, boolean> = { redis: false, postgres: false };
  const calls: Record<StoreName, number> = { redis: 0, postgres: 0 };
  const memoryStore = createMemoryStreakStore();

  function check(store: StoreName): void {
    calls[store] += 1;
    if (down[store]) {
      throw new Error('connection refused');
    }
  }
  function circuitOf(store: StoreName): StoreCircuit {
    return createStoreCircuit({
      store,
      isOutage: (error) => !(error instanceof TypeError),
      monotonicMs: () => clock.monotonic,
      onChange: (isUp) => recordStoreState(metrics, store, isUp),
    });
  }
  const store = guardStore(memoryStore, () => check('redis'));
  const readModel = createMemoryReadModel(circuitOf('postgres'), () => check('postgres'));
  const { app, refiller } = createQueryApp({
    logger: createLogger({ service: 'query-api', level: 'silent' }),
    registry,
    metrics,
    clock: { nowMs: () => clock.now },
    store,
    redisCircuit: circuitOf('redis'),
    pingRedis: async () => check('redis'),
    readModel,
    focusTargetMs: 1_800_000,
    tzdataVersion: '2025a',
  });

  return {
    app,
    clock,
    down,
    calls,
    refiller,
    registry,
    readModel,
    /** Redis itself, reachable also while it is "down". */
    redis: memoryStore,
    async fillRedis(): Promise<void> {
      await memoryStore.beginFill('test');
      await memoryStore.markFilled(1n, 'test');
    },
    async putInRedis(userId: string, state: StreakState): Promise<void> {
      await memoryStore.writeAll([{ userId, ruleId: 'focus', generation: 1n, state }]);
    },
    putInPostgres(userId: string, state: StreakState): void {
      readModel.streaks.push({ userId, ruleId: 'focus', state, generation: 1n });
    },
  };
}

function guardStore(store: StreakStore, check: () => void): StreakStore {
  return {
    ...store,
    async writeAll(writes) {
      check();
      return store.writeAll(writes);
    },
    async read(userId, ruleIds) {
      check();
      return store.read(userId, ruleIds);
    },
    async readMany(userIds, ruleId) {
      check();
      return store.readMany(userIds, ruleId);
    },
  };
}

function createMemoryReadModel(circuit: StoreCircuit, check: () => void): MemoryReadModel {
  const streaks: StoredStreak[] = [];
  const totals: (DailyTotal & { readonly userId: string })[] = [];
  const sessions = new Map<string, SessionRecord>();
  function ask<T>(answer: () => T): Promise<T> {
    return circuit.run(async () => {
      check();
      return answer();
    });
  }
  return {
    streaks,
    totals,
    sessions,
    readStreaks: (userIds, ruleIds) =>
      ask(() => streaks.filter((row) => userIds.includes(row.userId) && ruleIds.includes(row.ruleId))),
    readTotalsOn: (userId, days) =>
      ask(() => totals.filter((total) => total.userId === userId && days.includes(total.day))),
    readDailyTotals: (userId, ruleId, { from, to }, limit) =>
      ask(() =>
        totals
          .filter((total) => total.userId === userId && total.ruleId === ruleId)
          .filter((total) => (from === null || total.day >= from) && (to === null || total.day <= to))
          .sort((one, other) => one.day - other.day)
          .slice(-limit),
      ),
    readSession: (userId, sessionId) => ask(() => sessions.get(`${userId}/${sessionId}`)),
    ping: () => ask(() => undefined),
  };
}
