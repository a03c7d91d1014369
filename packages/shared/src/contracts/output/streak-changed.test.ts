import { createHash } from 'node:crypto';
import { type Schema, Type } from 'avsc';
import fc from 'fast-check';
import { FIRST_LOCAL_DAY, LAST_LOCAL_DAY, type LocalDay } from '../../domain/calendar/local-day';
import type { ChangeType } from '../../domain/streaks/change-type';
import { WIRE_HEADER_BYTES } from '../avro/avro-encoder';
import {
  createStreakChangedEncoder,
  readStreakChangedSchema,
  type StreakChanged,
  streakEventId,
} from './streak-changed';

const CHANGE_TYPES: readonly ChangeType[] = [
  'FIRST_ACTIVITY',
  'STREAK_INCREMENT',
  'STREAK_RESET',
  'STREAK_RECOVERED',
  'STREAK_REVISED',
  'USER_ERASED',
];
const int = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const long = fc.integer({ min: 0, max: 2 ** 52 });
const bigLong = long.map(BigInt);
const day = fc.option(fc.integer({ min: FIRST_LOCAL_DAY, max: LAST_LOCAL_DAY }).map((number) => number as LocalDay));
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 128 });

const streakChanged: fc.Arbitrary<StreakChanged> = fc.record({
  eventId: fc.uuid(),
  userId: text,
  ruleId: text,
  version: long,
  changeType: fc.constantFrom(...CHANGE_TYPES),
  qualifiedDate: day,
  currentBefore: int,
  currentAfter: int,
  longestBefore: int,
  longestAfter: int,
  qualifiedDaysBefore: int,
  qualifiedDaysAfter: int,
  lastQualifiedBefore: day,
  lastQualifiedAfter: day,
  timezone: fc.option(text),
  generation: bigLong,
  recordedAtMs: long,
  source: fc.record({ topicId: fc.uuid(), partition: int, offset: bigLong }),
  requestId: fc.option(text),
});

describe('StreakChanged', () => {
  const type = Type.forSchema(JSON.parse(readStreakChangedSchema()) as Schema, { wrapUnions: false });

  it('is written as avsc writes the record of the schema', () => {
    const encoder = createStreakChangedEncoder(258);
    fc.assert(
      fc.property(streakChanged, (changed) => {
        const value = encoder.encode(changed, changed.eventId, changed.requestId);
        expect(value.subarray(0, WIRE_HEADER_BYTES)).toEqual(Buffer.from([0, 0, 0, 1, 2]));
        const { recordedAtMs, source, generation, ...rest } = changed;
        const record = {
          ...rest,
          generation: Number(generation),
          recordedAt: recordedAtMs,
          source: { ...source, offset: Number(source.offset) },
        };
        expect(value.subarray(WIRE_HEADER_BYTES)).toEqual(type.toBuffer(record));
        expect({ ...(type.fromBuffer(value.subarray(WIRE_HEADER_BYTES)) as object) }).toMatchObject(rest);
      }),
    );
  });

  it('has the id that Postgres computes from generation, rule, user and version', () => {
    const hex = createHash('md5').update('3:focus:user-ü:12').digest('hex');
    const id = streakEventId({ generation: 3n, ruleId: 'focus', userId: 'user-ü', version: 12 });
    expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(id.replaceAll('-', '')).toBe(hex);
  });
});
