import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { Bridging } from '../../domain/streaks/bridging';
import { type StreakState, summarise } from '../../domain/streaks/streak-state';
import { type AvroWriter, createAvroWriter, readSchema, SCHEMA_NAMESPACE } from '../avro/avro-encoder';
import { registerSchema } from '../avro/register-schema';

/** Subject in the schema registry: the full name of the record. */
export const USER_STREAK_SUBJECT = `${SCHEMA_NAMESPACE}.UserStreak`;

export const readUserStreakSchema = (): string => readSchema('user-streak.avsc');

/** A value of `user-streaks`: the record of `user-streak.avsc`, whose figures follow from the runs. */
export interface UserStreak {
  readonly userId: string;
  readonly ruleId: string;
  readonly generation: bigint;
  readonly state: StreakState;
  /** When the state was stored; `state.updatedAtMs` is published as `lastEventAt`. */
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
      const { runs, timezone, version, bridging = NO_BRIDGING } = state;
      const summary = summarise(state);
      writer.start(schemaId);
      writer.string(userId);
      writer.string(ruleId);
      writer.long(version);
      writer.bigLong(generation);
      startItems(writer, runs.length);
      for (const { first, length } of runs) {
        writer.long(first);
        writer.long(length);
      }
      endItems(writer);
      writer.long(summary.currentRunLength);
      writer.long(summary.longest);
      writer.long(summary.qualifiedDaysCount);
      writer.optionalLong(summary.lastQualifiedDate);
      writer.optionalString(timezone);
      writer.long(updatedAtMs);
      writer.optionalLong(state.updatedAtMs);
      encodeBridging(writer, bridging);
      return writer.view();
    },
  };
}

const NO_BRIDGING: Bridging = { freezes: [], pauses: [] };

function encodeBridging(writer: AvroWriter, { freezes, pauses }: Bridging): void {
  startItems(writer, freezes.length);
  for (const { from, rule } of freezes) {
    writer.long(from);
    writer.long(rule === null ? 0 : 1);
    if (rule !== null) {
      writer.long(rule.earnEvery);
      writer.long(rule.cap);
    }
  }
  endItems(writer);
  startItems(writer, pauses.length);
  for (const { first, last } of pauses) {
    writer.long(first);
    writer.long(last);
  }
  endItems(writer);
}

/** Its items follow in one block, which an empty array does not have. */
function startItems(writer: AvroWriter, length: number): void {
  if (length > 0) writer.long(length);
}

function endItems(writer: AvroWriter): void {
  writer.long(0);
}
