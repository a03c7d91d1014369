import { type Schema, Type } from 'avsc';
import fc from 'fast-check';
import type { LocalDay } from '../domain/local-day';
import { runsFromDays } from '../domain/runs';
import { summarise } from '../domain/streak-state';
import { WIRE_HEADER_BYTES } from './avro/avro-encoder';
import { createUserStreakEncoder, readUserStreakSchema } from './user-streak';

it('UserStreak is written as avsc writes the record of the schema', () => {
  const type = Type.forSchema(JSON.parse(readUserStreakSchema()) as Schema, { wrapUnions: false });
  const encoder = createUserStreakEncoder(9);
  const days = fc.array(fc.integer({ min: -30, max: 30_000 }), { maxLength: 200 });
  const timezones = fc.option(fc.constantFrom('Europe/London', 'Asia/Kathmandu'));
  fc.assert(
    fc.property(days, timezones, fc.nat(), fc.string({ unit: 'grapheme' }), (numbers, timezone, version, userId) => {
      const state = { runs: runsFromDays(numbers as LocalDay[]), timezone, version };
      const { longest, ...summary } = summarise(state);
      const value = encoder.encode({ userId, ruleId: 'focus', generation: 2n, state, updatedAtMs: 1_736_935_200_250 });
      const record = {
        userId,
        ruleId: 'focus',
        version,
        generation: 2,
        runs: state.runs,
        ...summary,
        longestRunLength: longest,
        timezone,
        updatedAt: 1_736_935_200_250,
      };
      expect(value.readInt32BE(1)).toBe(9);
      expect(value.subarray(WIRE_HEADER_BYTES)).toEqual(type.toBuffer(record));
    }),
  );
});
