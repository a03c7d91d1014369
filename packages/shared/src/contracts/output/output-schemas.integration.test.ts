import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { uniqueName } from '@streaks/testing/fresh-topic';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import type { LocalDay } from '../../domain/calendar/local-day';
import { runsFromDays } from '../../domain/streaks/runs';
import { createUserStreakEncoder, readUserStreakSchema, registerUserStreak } from './user-streak';

jest.setTimeout(30_000);

const registry = () => new SchemaRegistry({ host: stackAddresses().SCHEMA_REGISTRY_URL });

it('the registry takes a newer UserStreak after one without its optional fields, and no field without a default', async () => {
  const newer = JSON.parse(readUserStreakSchema()) as { fields: { name: string }[] };
  const older = newer.fields.filter(({ name }) => !['lastEventAt', 'freezeSteps', 'pauses'].includes(name));
  const subject = uniqueName('user-streak');
  const register = (fields: readonly object[]) =>
    registry().register({ type: SchemaType.AVRO, schema: JSON.stringify({ ...newer, fields }) }, { subject });
  const { id: olderId } = await register(older);
  const { id: newerId } = await register(newer.fields);
  expect(newerId).not.toBe(olderId);
  await expect(register([...newer.fields, { name: 'mood', type: 'string' }])).rejects.toMatchObject({ status: 409 });
});

it('a client that has nothing but the registry reads a UserStreak', async () => {
  const encoder = createUserStreakEncoder(await registerUserStreak(registry()));
  const day = 20_101 as LocalDay;
  const value = encoder.encode({
    userId: 'ada',
    ruleId: 'activity',
    generation: 2n,
    updatedAtMs: 9,
    state: {
      runs: runsFromDays([day]),
      timezone: null,
      version: 3,
      updatedAtMs: 5,
      bridging: { freezes: [{ from: day, rule: { earnEvery: 7, cap: 2 } }], pauses: [{ first: day, last: day }] },
    },
  });
  await expect(registry().decode(Buffer.from(value))).resolves.toEqual({
    userId: 'ada',
    ruleId: 'activity',
    version: 3,
    generation: 2,
    runs: [{ first: day, length: 1 }],
    currentRunLength: 1,
    longestRunLength: 1,
    qualifiedDaysCount: 1,
    lastQualifiedDate: day,
    timezone: null,
    updatedAt: 9,
    lastEventAt: 5,
    freezeSteps: [{ from: day, rule: { earnEvery: 7, cap: 2 } }],
    pauses: [{ first: day, last: day }],
  });
});
