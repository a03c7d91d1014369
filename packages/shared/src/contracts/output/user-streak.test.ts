import { type Schema, Type } from 'avsc';
import fc from 'fast-check';
import type { LocalDay } from '../../domain/calendar/local-day';
import type { Bridging } from '../../domain/streaks/bridging';
import { runsFromDays } from '../../domain/streaks/runs';
import { type StreakState, summarise } from '../../domain/streaks/streak-state';
import { WIRE_HEADER_BYTES } from '../avro/avro-encoder';
import { createUserStreakEncoder, readUserStreakSchema } from './user-streak';

const schema = JSON.parse(readUserStreakSchema()) as { readonly fields: readonly { readonly name: string }[] };
const type = Type.forSchema(schema as Schema, { wrapUnions: false });
const encoder = createUserStreakEncoder(9);
const UPDATED_AT_MS = 1_736_935_200_250;

const day = fc.integer({ min: 0, max: 30_000 }) as fc.Arbitrary<LocalDay>;
const freezeRule = fc.record({ earnEvery: fc.integer({ min: 1, max: 365 }), cap: fc.integer({ min: 1, max: 100 }) });
const freezes = fc
  .uniqueArray(day, { maxLength: 5 })
  .map((days) => days.sort((one, other) => one - other))
  .chain((days) =>
    fc.tuple(...days.map((from) => fc.record({ from: fc.constant(from), rule: fc.option(freezeRule) }))),
  );
const pauses = fc
  .uniqueArray(day, { maxLength: 6 })
  .map((days) => days.sort((one, other) => one - other))
  .map((days) => days.flatMap((first, at) => (at % 2 === 0 ? [{ first, last: days[at + 1] ?? first }] : [])));
const bridging: fc.Arbitrary<Bridging> = fc.record({ freezes, pauses });
const state: fc.Arbitrary<StreakState> = fc
  .tuple(
    fc.array(fc.integer({ min: -30, max: 30_000 }), { maxLength: 200 }),
    fc.option(fc.constantFrom('Europe/London', 'Asia/Kathmandu')),
    fc.nat(),
    fc.integer({ min: 0, max: 2 ** 42 }),
    fc.option(bridging, { nil: undefined }),
  )
  .map(([days, timezone, version, updatedAtMs, bridged]) => ({
    runs: runsFromDays(days as LocalDay[]),
    timezone,
    version,
    updatedAtMs,
    ...(bridged === undefined ? {} : { bridging: bridged }),
  }));

it('UserStreak is written as avsc writes the record of the schema', () => {
  fc.assert(
    fc.property(state, fc.string({ unit: 'grapheme' }), (of, userId) => {
      const { longest, ...summary } = summarise(of);
      const value = encoder.encode({ userId, ruleId: 'focus', generation: 2n, state: of, updatedAtMs: UPDATED_AT_MS });
      const record = {
        userId,
        ruleId: 'focus',
        version: of.version,
        generation: 2,
        runs: of.runs,
        ...summary,
        longestRunLength: longest,
        timezone: of.timezone,
        updatedAt: UPDATED_AT_MS,
        lastEventAt: of.updatedAtMs,
        freezeSteps: of.bridging?.freezes ?? [],
        pauses: of.bridging?.pauses ?? [],
      };
      expect(value.readInt32BE(1)).toBe(9);
      expect(value.subarray(WIRE_HEADER_BYTES)).toEqual(type.toBuffer(record));
    }),
  );
});

describe('UserStreak and the schema of before there were freezes', () => {
  const fields = schema.fields.filter(({ name }) => !['lastEventAt', 'freezeSteps', 'pauses'].includes(name));
  const older = Type.forSchema({ ...schema, fields } as Schema, { wrapUnions: false });
  const record = {
    userId: 'ada',
    ruleId: 'focus',
    version: 3,
    generation: 1,
    runs: [{ first: 20_100, length: 4 }],
    currentRunLength: 4,
    longestRunLength: 4,
    qualifiedDaysCount: 4,
    lastQualifiedDate: 20_103,
    timezone: null,
    updatedAt: UPDATED_AT_MS,
  };

  it('reads older records', () => {
    const read = type.fromBuffer(older.toBuffer(record), type.createResolver(older)) as object;
    expect({ ...read }).toMatchObject({ ...record, runs: [{}], lastEventAt: null, freezeSteps: [], pauses: [] });
  });

  it('is read by older readers', () => {
    const newer = { ...record, lastEventAt: 7, freezeSteps: [], pauses: [{ first: 1, last: 2 }] };
    const read = older.fromBuffer(type.toBuffer(newer), older.createResolver(type)) as object;
    expect({ ...read }).toMatchObject({ userId: 'ada', version: 3, updatedAt: UPDATED_AT_MS });
    expect(read).not.toHaveProperty('pauses');
  });
});
