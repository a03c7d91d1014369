import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { type StreakState, summarise } from '../domain/streak-state';
import { createAvroWriter, readSchema, SCHEMA_NAMESPACE } from './avro/avro-encoder';
import { registerSchema } from './avro/register-schema';

/** Subject in the schema registry: the full name of the record. */
export const USER_STREAK_SUBJECT = `${SCHEMA_NAMESPACE}.UserStreak`;

export const readUserStreakSchema = (): string => readSchema('user-streak.avsc');

/** A value of `user-streaks`: the record of `user-streak.avsc`, whose figures follow from the runs. */
export interface UserStreak {
  readonly userId: string;
  readonly ruleId: string;
  readonly generation: bigint;
  readonly state: StreakState;
  readonly updatedAtMs: number;
}

export interface UserStreakEncoder {
  readonly schemaId: number;
  /** In the Confluent wire format, good until the next call. */
  encode(streak: UserStreak): Buffer;
}

/** The key in the compacted topic. Neither part holds a colon that could be mistaken: rule ids have none. */
export const userStreakKey = ({ ruleId, userId }: Pick<UserStreak, 'ruleId' | 'userId'>): string =>
  `${ruleId}:${userId}`;

/** Registers the schema (BACKWARD; harmless when several start at once). Throws what the registry client throws. */
export async function registerUserStreak(registry: Pick<SchemaRegistry, 'register'>): Promise<number> {
  return await registerSchema(registry, readUserStreakSchema(), USER_STREAK_SUBJECT);
}

/** An encoder for the schema of that id. One buffer serves all values. */
export function createUserStreakEncoder(schemaId: number): UserStreakEncoder {
  const writer = createAvroWriter();
  return {
    schemaId,
    encode({ userId, ruleId, generation, state, updatedAtMs }) {
      const { runs, timezone, version } = state;
      const summary = summarise(state);
      writer.start(schemaId);
      writer.string(userId);
      writer.string(ruleId);
      writer.long(version);
      writer.bigLong(generation);
      if (runs.length > 0) {
        writer.long(runs.length);
        for (const { first, length } of runs) {
          writer.long(first);
          writer.long(length);
        }
      }
      writer.long(0); // the end of the array
      writer.long(summary.currentRunLength);
      writer.long(summary.longest);
      writer.long(summary.qualifiedDaysCount);
      writer.optionalLong(summary.lastQualifiedDate);
      writer.optionalString(timezone);
      writer.long(updatedAtMs);
      return writer.view();
    },
  };
}
