import { type LocalDay, parseIsoDate } from '@streaks/shared/domain/calendar/local-day';
import { FOCUS_RULE, type RuleId } from '@streaks/shared/domain/rules';
import type { SettingsChange } from '@streaks/shared/domain/settings/settings-change';
import { addChange, noSettings, type StoredSettings } from '@streaks/shared/domain/settings/stored-settings';
import { runsFromDays } from '@streaks/shared/domain/streaks/runs';
import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';
import { createLogger } from '@streaks/shared/observability/create-logger';
import type { BoardReader } from '@streaks/shared/redis/boards/board-reader';
import { createMemoryBoards } from '@streaks/shared/redis/boards/create-memory-boards';
import { createMemoryStreakStore } from '@streaks/shared/redis/streaks/create-memory-streak-store';
import type { StreakStore } from '@streaks/shared/redis/streaks/streak-store';
import { checkAnswersOfApp } from '@streaks/testing/openapi/check-answers-of-app';
import { Registry } from 'prom-client';
import { createQueryApp } from '../create-query-app';
import { createQueryMetrics, recordStoreState } from '../metrics';
import { queryApiDocument } from '../openapi';
import { createStoreCircuit, type StoreCircuit, type StoreName } from '../stores/store-circuit';
import type { StreamLimits } from '../stream/stream-hub';
import { createMemoryReadModel, type MemoryReadModel } from './memory-read-model';

/** Limits that no test reaches without asking for it. */
const patientLimits: StreamLimits = {
  maxStreams: 100,
  lookEveryMs: 20,
  heartbeatEveryMs: 60_000,
  maxAgeMs: 600_000,
  slowAfterMs: 600_000,
};

const document = queryApiDocument();

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
  return { runs: runsFromDays(isoDates.map(day)), timezone, version, updatedAtMs: version };
}

export interface HarnessOptions {
  readonly nowMs?: number;
  readonly streamLimits?: Partial<StreamLimits>;
}

/** An app on stores in memory, each of which can be taken away. Every answer is held against the OpenAPI document. */
export function createHarness({ nowMs = Date.parse('2025-01-15T12:00:00Z'), streamLimits = {} }: HarnessOptions = {}) {
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
  const postgresCircuit = circuitOf('postgres');
  const readModel = createMemoryReadModel(postgresCircuit, () => check('postgres'));
  const postgresBoards = createMemoryBoards({
    isFilled: () => true,
    statesOf: (ruleId) =>
      readModel.streaks.filter((row) => row.ruleId === ruleId).map(({ userId, state }) => [userId, state] as const),
  });
  const { app, refiller, streams } = createQueryApp({
    logger: createLogger({ service: 'query-api', level: 'silent' }),
    registry,
    metrics,
    clock: { nowMs: () => clock.now },
    store,
    redisCircuit: circuitOf('redis'),
    pingRedis: async () => check('redis'),
    readModel,
    boards: {
      redis: guardBoards(memoryStore.boards, async () => check('redis')),
      postgres: guardBoards(postgresBoards, () => postgresCircuit.run(async () => check('postgres'))),
    },
    targets: { focus: 1_800_000, activity: 1 },
    streamLimits: { ...patientLimits, ...streamLimits },
    monotonicMs: () => clock.monotonic,
    tzdataVersion: '2025a',
  });

  return {
    app: checkAnswersOfApp(app, document),
    streams,
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
    async putInRedis(userId: string, state: StreakState, ruleId: RuleId = FOCUS_RULE): Promise<void> {
      await memoryStore.writeAll([{ userId, ruleId, generation: 1n, state }]);
    },
    putInPostgres(userId: string, state: StreakState, ruleId: RuleId = FOCUS_RULE): void {
      readModel.streaks.push({ userId, ruleId, state, generation: 1n });
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

function guardBoards(boards: BoardReader, check: () => Promise<void>): BoardReader {
  return {
    page: (...request) => check().then(() => boards.page(...request)),
    around: (...request) => check().then(() => boards.around(...request)),
  };
}

/** One more change of a user's settings that counts from a date on, later than those made before. */
export function setTarget(
  { settings }: Pick<MemoryReadModel, 'settings'>,
  userId: string,
  {
    from,
    ...targets
  }: { readonly from: string; readonly dailyTargetSeconds?: number; readonly dailyCheckInTarget?: number },
): void {
  change(settings, userId, { effectiveFrom: day(from), ...targets });
}

/** Where the user says to be. */
export function setZone({ settings }: Pick<MemoryReadModel, 'settings'>, userId: string, timezone: string): void {
  change(settings, userId, { effectiveFrom: day('1970-01-01'), timezone });
}

let changes = 0;

function change(
  settings: Map<string, StoredSettings>,
  userId: string,
  details: Omit<SettingsChange, 'changeId' | 'changedAtMs'>,
): void {
  changes += 1;
  const added = { changeId: `change-${changes}`, changedAtMs: changes, ...details };
  settings.set(userId, addChange(settings.get(userId) ?? noSettings, added, changes));
}
