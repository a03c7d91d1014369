import * as crypto from 'node:crypto';
import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { LocalDay } from '../../domain/calendar/local-day';
import type { ChangeType } from '../../domain/streaks/change-type';
import { createAvroWriter, readSchema, SCHEMA_NAMESPACE } from '../avro/avro-encoder';
import { registerSchema } from '../avro/register-schema';

/** Subject in the schema registry: the full name of the record. */
export const STREAK_CHANGED_SUBJECT = `${SCHEMA_NAMESPACE}.StreakChanged`;

export const readStreakChangedSchema = (): string => readSchema('streak-changed.avsc');

/** A value of `streak-changes`: the record of `streak-changed.avsc`, which describes the fields. */
export interface StreakChanged {
  readonly eventId: string;
  readonly userId: string;
  readonly ruleId: string;
  readonly version: number;
  readonly changeType: ChangeType;
  readonly qualifiedDate: LocalDay | null;
  readonly currentBefore: number;
  readonly currentAfter: number;
  readonly longestBefore: number;
  readonly longestAfter: number;
  readonly qualifiedDaysBefore: number;
  readonly qualifiedDaysAfter: number;
  readonly lastQualifiedBefore: LocalDay | null;
  readonly lastQualifiedAfter: LocalDay | null;
  readonly timezone: string | null;
  readonly generation: bigint;
  readonly recordedAtMs: number;
  readonly source: { readonly topicId: string; readonly partition: number; readonly offset: bigint };
  readonly requestId: string | null;
}

export interface StreakChangedEncoder {
  readonly schemaId: number;
  /** In the Confluent wire format, good until the next call. `requestId` stands for that of the change, which may be longer than is published. */
  encode(changed: Omit<StreakChanged, 'eventId'>, eventId: string, requestId: string | null): Buffer;
}

/** Registers the schema (BACKWARD; harmless when several start at once). Throws what the registry client throws. */
export async function registerStreakChanged(registry: Pick<SchemaRegistry, 'register'>): Promise<number> {
  return await registerSchema(registry, readStreakChangedSchema(), STREAK_CHANGED_SUBJECT);
}

/** An encoder for the schema of that id. One buffer serves all values. */
export function createStreakChangedEncoder(schemaId: number): StreakChangedEncoder {
  const writer = createAvroWriter();
  return {
    schemaId,
    encode(changed, eventId, requestId) {
      writer.start(schemaId);
      writer.string(eventId);
      writer.string(changed.userId);
      writer.string(changed.ruleId);
      writer.long(changed.version);
      writer.string(changed.changeType);
      writer.optionalLong(changed.qualifiedDate);
      writer.long(changed.currentBefore);
      writer.long(changed.currentAfter);
      writer.long(changed.longestBefore);
      writer.long(changed.longestAfter);
      writer.long(changed.qualifiedDaysBefore);
      writer.long(changed.qualifiedDaysAfter);
      writer.optionalLong(changed.lastQualifiedBefore);
      writer.optionalLong(changed.lastQualifiedAfter);
      writer.optionalString(changed.timezone);
      writer.bigLong(changed.generation);
      writer.long(changed.recordedAtMs);
      writer.string(changed.source.topicId);
      writer.long(changed.source.partition);
      writer.bigLong(changed.source.offset);
      writer.optionalString(requestId);
      return writer.view();
    },
  };
}

/** `crypto.hash` is twice as fast as an object for each digest; it came with Node.js 20.12. */
const md5Hex: (text: string) => string =
  typeof crypto.hash === 'function'
    ? (text) => crypto.hash('md5', text, 'hex')
    : (text) => crypto.createHash('md5').update(text).digest('hex');

/** The id of a change, as the column `event_id` of `streak_history` computes it: the same change always has the same id. */
export function streakEventId(change: {
  readonly generation: bigint;
  readonly ruleId: string;
  readonly userId: string;
  readonly version: number;
}): string {
  const hex = md5Hex(`${change.generation}:${change.ruleId}:${change.userId}:${change.version}`);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
