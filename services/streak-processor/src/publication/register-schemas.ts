import { setTimeout as delay } from 'node:timers/promises';
import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { registerStreakChanged } from '@streaks/shared/contracts/output/streak-changed';
import { registerUserStreak } from '@streaks/shared/contracts/output/user-streak';
import type { Logger } from '@streaks/shared/observability/create-logger';

export interface OutputSchemas {
  readonly streakChangedSchemaId: number;
  readonly userStreakSchemaId: number;
}

export interface RegisterSchemasOptions {
  readonly registry: Pick<SchemaRegistry, 'register'>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const RETRY_MS = 1_000;
const CONFLICT = 409;
/** Two processors that register a schema for the first time at once: one is told of a conflict, and of none when it asks again. */
const CONFLICTS_BELIEVED = 3;

/**
 * The schemas of what is published, registered. Asks until the registry answers; undefined when it was ended before.
 * @throws when the registry refuses a schema: a newer release has registered one that readers of this one's could not read
 */
export async function registerOutputSchemas({
  registry,
  logger,
  signal,
}: RegisterSchemasOptions): Promise<OutputSchemas | undefined> {
  let conflicts = 0;
  while (!signal.aborted) {
    try {
      return {
        streakChangedSchemaId: await registerStreakChanged(registry),
        userStreakSchemaId: await registerUserStreak(registry),
      };
    } catch (error) {
      if (isConflict(error)) conflicts += 1;
      if (conflicts === CONFLICTS_BELIEVED) {
        throw new Error('the schema registry holds schemas that ours are not compatible with', { cause: error });
      }
      logger.warn({ err: error, retryMs: RETRY_MS }, 'registry_away');
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

const isConflict = (error: unknown): boolean =>
  error instanceof Error && 'status' in error && error.status === CONFLICT;
