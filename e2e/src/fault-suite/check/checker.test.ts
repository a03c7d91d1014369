import type { CollectedRun } from './collected-run';
import { expectationOf } from './expectation';
import type { Fault } from './fault';
import { proveChecker } from './plants/prove-checker';
import { publishedFaults } from './published/published-faults';
import { storedFaults } from './stored/stored-faults';
import { createFakeLog } from './testing/fake-log';
import { faultlessRun } from './testing/faultless-run';

const options = { seed: 11, users: 60, partitions: 12, chunkEvents: 100 };
const CHUNKS = 30;

describe('the checker of the fault suite', () => {
  const log = createFakeLog(options, CHUNKS);
  const expected = expectationOf({ options, chunks: CHUNKS, log });
  const run = faultlessRun(expected, log);
  const check = (changed: CollectedRun): Fault[] => [
    ...storedFaults(changed, expected),
    ...publishedFaults(changed, expected),
  ];

  it('finds no fault in a run without one', () => {
    expect(check(run)).toEqual([]);
    expect(run.history.length).toBeGreaterThan(50);
    expect(run.letters.length).toBeGreaterThan(3);
    const erasures = run.history.filter(({ changeType }) => changeType === 'USER_ERASED');
    expect(erasures.length).toBeGreaterThan(2);
    expect(run.boards.every(({ entries }) => entries.length > 0)).toBe(true);
  });

  it('finds each fault that is planted', () => {
    expect(proveChecker(run, expected, check)).toEqual(
      expect.arrayContaining([
        'a lost session',
        'a wrong total',
        'a retracted session that still counts',
        'a lost change of settings',
        "an erased user's session left behind",
        'a board entry too many',
        'a change published twice (Java)',
      ]),
    );
  });

  it('does not pass for a checker when it is blind in one place', () => {
    const blind = (place: string) => (changed: CollectedRun) =>
      check(changed).filter(({ where }) => !where.startsWith(place));
    const places = ['focus_sessions', 'daily_totals', 'special_users', 'board focus:current', 'user-streaks', 'Redis'];
    for (const place of [...places, 'streak-changes read by Java']) {
      expect(() => proveChecker(run, expected, blind(place))).toThrow('the checker does not find');
    }
  });

  it('refuses to plant faults in a run that has one', () => {
    expect(() => proveChecker({ ...run, redis: [] }, expected, check)).toThrow('already');
  });

  it('finds a record of an aborted transaction that was applied', () => {
    const [first] = run.sessions;
    if (first === undefined) throw new Error('no session');
    const faults = check({ ...run, sessions: [...run.sessions, { ...first, sessionId: 'aborted-1' }] });
    expect(faults).toEqual([
      { kind: 'wrong', where: 'focus_sessions', detail: `${first.userId} aborted-1 should not be there` },
    ]);
  });

  it('allows what an erasure took to have been published, once, and nothing else', () => {
    const { changes } = run.published;
    const erased = changes['kafkajs']?.find(({ eventId }) => run.history.every((row) => row.eventId !== eventId));
    if (erased === undefined) throw new Error('nothing was published that was erased');
    const publishing = (...more: NonNullable<typeof erased>[]) => ({
      ...run,
      published: { ...run.published, changes: { kafkajs: [...(changes['kafkajs'] ?? []), ...more] } },
    });
    const without = changes['kafkajs']?.filter((change) => change !== erased) ?? [];
    expect(check({ ...run, published: { ...run.published, changes: { kafkajs: without } } })).toEqual([]);
    expect(check(publishing(erased)).map(({ kind }) => kind)).toContain('duplicated');
    expect(check(publishing({ ...erased, eventId: 'another' })).map(({ kind }) => kind)).toContain('wrong');
    expect(check(publishing({ ...erased, userId: 'user-1', eventId: 'another' }))).not.toEqual([]);
  });
});
