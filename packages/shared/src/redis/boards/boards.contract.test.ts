import fc from 'fast-check';
import type { LocalDay } from '../../domain/calendar/local-day';
import { emptyStreakState, type StreakState } from '../../domain/streaks/streak-state';
import { createMemoryStreakStore } from '../streaks/create-memory-streak-store';
import { refillStreakStore } from '../streaks/refill-streak-store';
import type { StreakStore, StreakWrite } from '../streaks/streak-store';
import { BOARD_NAMES, type BoardEntry, type BoardName, currentStreakOf } from './board-entry';
import type { BoardReader } from './board-reader';
import { HOSTILE_IDS, NOON_MS, type RankedUser, rankByHand, stateArbitrary, TODAY } from './testing/ranked-users';

export type BoardsUnderTest = {
  readonly store: StreakStore;
  readonly boards: BoardReader;
  /** Brings the boards up to what was written to the store. */
  catchUp(): Promise<void> | void;
  /** As FLUSHALL. */
  empty(): Promise<void> | void;
};

/** The day after begins in UTC: streaks that ended yesterday break. */
const MIDNIGHT_MS = (TODAY + 1) * 86_400_000;
const ALL = { offset: 0, limit: 10_000 };

/** One run of so many days up to a day. */
function streakOf(length: number, { lastDay = TODAY, version = 1, updatedAtMs = NOON_MS } = {}): StreakState {
  return { runs: [{ first: (lastDay - length + 1) as LocalDay, length }], timezone: 'UTC', version, updatedAtMs };
}

function write(userId: string, state: StreakState, generation = 1n): StreakWrite {
  return { userId, ruleId: 'focus', generation, state };
}

/** What boards show of a store, whatever holds them. */
export function describeBoards(title: string, prepare: () => BoardsUnderTest): void {
  describe(title, () => {
    let underTest: BoardsUnderTest;

    async function fill(generation = 1n, ...pages: readonly (readonly StreakWrite[])[]): Promise<boolean> {
      async function* each() {
        yield* pages;
      }
      const { store } = underTest;
      return (await refillStreakStore({ store, pages: each(), generation, fillId: `fill-${generation}` })).isFilled;
    }
    async function idsOn(board: BoardName, nowMs = NOON_MS, ruleId = 'focus'): Promise<readonly string[] | undefined> {
      const page = await underTest.boards.page(ruleId, board, ALL, nowMs);
      return page?.entries.map(({ userId }) => userId);
    }
    async function put(...writes: readonly StreakWrite[]): Promise<void> {
      await underTest.store.writeAll(writes);
      await underTest.catchUp();
    }

    beforeEach(async () => {
      underTest = prepare();
      await underTest.empty();
    });

    it('is no board before it was filled, and a whole one after', async () => {
      await put(write('a', streakOf(1)));
      expect(await idsOn('qualified')).toBeUndefined();
      expect(await underTest.boards.around('focus', 'current', { userId: 'a', limit: 3 }, NOON_MS)).toBeUndefined();
      expect(await fill(1n, [write('b', streakOf(2))])).toBe(true);
      expect(await idsOn('qualified')).toEqual(['b', 'a']);
      expect(await idsOn('qualified', NOON_MS, 'activity')).toEqual([]);
    });

    it('is no board after it was emptied, until it was filled again', async () => {
      await fill(1n, [write('a', streakOf(1)), write('b', streakOf(2))]);
      await underTest.empty();
      expect(await idsOn('qualified')).toBeUndefined();
      await put(write('a', streakOf(3, { version: 2 })));
      expect(await idsOn('qualified')).toBeUndefined();
      await fill(1n, [write('a', streakOf(1))], [write('b', streakOf(2))]);
      expect(await idsOn('qualified')).toEqual(['a', 'b']);
    });

    it('ranks days, then the longest streak, then who got there first, then the bytes of the id', async () => {
      await fill();
      const twoRuns = [
        { first: (TODAY - 8) as LocalDay, length: 1 },
        { first: (TODAY - 1) as LocalDay, length: 2 },
      ];
      await put(
        write('a-later', streakOf(2, { updatedAtMs: NOON_MS + 1 })),
        write('\u{1f600}', streakOf(2)),
        write('\uffee', streakOf(2)),
        write('runs-of-1-and-2', { ...streakOf(2), runs: twoRuns }),
        write('run-of-3', streakOf(3)),
        write('broken', streakOf(9, { lastDay: TODAY - 2 })),
      );
      const alive = ['run-of-3', 'runs-of-1-and-2', '\uffee', '\u{1f600}', 'a-later'];
      expect(await idsOn('qualified')).toEqual(['broken', ...alive]);
      expect(await idsOn('current')).toEqual(alive);
    });

    it('takes a streak off the current board the moment it breaks, though nobody writes', async () => {
      await fill();
      await put(write('a', streakOf(3, { lastDay: TODAY - 1 })), write('b', streakOf(2)));
      expect(await idsOn('current', MIDNIGHT_MS - 1)).toEqual(['a', 'b']);
      expect(await idsOn('current', MIDNIGHT_MS)).toEqual(['b']);
      expect(await idsOn('qualified', MIDNIGHT_MS)).toEqual(['a', 'b']);
      await put(write('a', streakOf(1, { lastDay: TODAY + 1, version: 2 })));
      expect(await idsOn('current', MIDNIGHT_MS)).toEqual(['b', 'a']);
    });

    it('takes thousands off at once', async () => {
      await fill();
      const broken = Array.from({ length: 1_700 }, (_, index) =>
        write(`broken-${index}`, streakOf(2, { lastDay: TODAY - 1 })),
      );
      await put(...broken, write('alive', streakOf(1)));
      expect(await underTest.boards.page('focus', 'current', ALL, NOON_MS)).toMatchObject({ total: 1_701 });
      expect(await underTest.boards.page('focus', 'current', ALL, MIDNIGHT_MS)).toMatchObject({ total: 1 });
      expect(await idsOn('current', MIDNIGHT_MS)).toEqual(['alive']);
    });

    it('pages, and lays a page around a user', async () => {
      await fill();
      await put(...Array.from({ length: 9 }, (_, index) => write(`u${index}`, streakOf(9 - index))));
      const { boards } = underTest;
      const page = async (offset: number, limit: number) => {
        const found = await boards.page('focus', 'qualified', { offset, limit }, NOON_MS);
        return found && [found.total, found.first, found.entries.map(({ userId }) => userId).join(' ')];
      };
      expect(await page(0, 2)).toEqual([9, 0, 'u0 u1']);
      expect(await page(7, 5)).toEqual([9, 7, 'u7 u8']);
      expect(await page(9, 5)).toEqual([9, 9, '']);
      const around = async (userId: string, limit: number) => {
        const found = await boards.around('focus', 'qualified', { userId, limit }, NOON_MS);
        return found && [found.total, found.first, found.entries.map((entry) => entry.userId).join(' ')];
      };
      expect(await around('u4', 3)).toEqual([9, 3, 'u3 u4 u5']);
      expect(await around('u4', 2)).toEqual([9, 4, 'u4 u5']);
      expect(await around('u0', 3)).toEqual([9, 0, 'u0 u1 u2']);
      expect(await around('u8', 3)).toEqual([9, 6, 'u6 u7 u8']);
      expect(await around('u8', 20)).toEqual([9, 0, 'u0 u1 u2 u3 u4 u5 u6 u7 u8']);
      expect(await around('nobody', 3)).toEqual([9, 0, '']);
    });

    it('drops who is unlisted, erased or deleted, and takes them again', async () => {
      await fill();
      const ways: readonly ((version: number) => StreakWrite)[] = [
        (version) => write('a', { ...streakOf(3, { version }), isUnlisted: true }),
        (version) => write('a', { ...emptyStreakState, version }),
        (version) => ({ userId: 'a', ruleId: 'focus', generation: 1n, state: null, version }),
      ];
      let version = 1;
      for (const way of ways) {
        await put(write('a', streakOf(3, { version })), write('b', streakOf(2)));
        expect(await idsOn('current')).toEqual(['a', 'b']);
        await put(way(version + 1));
        expect([await idsOn('qualified'), await idsOn('current')]).toEqual([['b'], ['b']]);
        await put(write('a', streakOf(3, { version })));
        expect(await idsOn('qualified')).toEqual(['b']);
        version += 2;
      }
    });

    it('keeps the rules of a user apart', async () => {
      await fill();
      await put(write('a', streakOf(3)), { ...write('a', streakOf(1)), ruleId: 'activity' });
      const page = await underTest.boards.page('activity', 'current', ALL, NOON_MS);
      expect(page?.entries).toEqual([expect.objectContaining({ userId: 'a', latestStreak: 1 })]);
    });

    it('keeps nobody of an earlier generation', async () => {
      await fill(1n, [write('kept', streakOf(1)), write('ghost', streakOf(5))]);
      await put(write('ghost', streakOf(6, { version: 2 })));
      expect(await fill(2n, [write('kept', streakOf(2), 2n)])).toBe(true);
      expect([await idsOn('qualified'), await idsOn('current')]).toEqual([['kept'], ['kept']]);
      await put(write('ghost', streakOf(7, { version: 3 })));
      expect(await idsOn('qualified')).toEqual(['kept']);
    });

    it('has nobody where a newer generation has nobody', async () => {
      await fill(1n, [write('ghost', streakOf(5))]);
      await fill(2n);
      expect([await idsOn('qualified'), await idsOn('current')]).toEqual([[], []]);
    });

    it('is a plain sort of the newest states, whatever is written in whatever order', async () => {
      const userId = fc.constantFrom(...HOSTILE_IDS);
      const version = fc.integer({ min: 1, max: 12 });
      const step = fc.oneof(
        { weight: 6, arbitrary: fc.record({ userId, version, state: stateArbitrary }) },
        { weight: 1, arbitrary: fc.record({ userId, version, state: fc.constant(null) }) },
      );
      const batches = fc.array(fc.array(step, { maxLength: 12 }), { maxLength: 4 });
      // A page of the current board drops what has broken by then, so time only goes on.
      const clock = fc.array(fc.integer({ min: 0, max: 72 }), { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(batches, clock, fc.integer({ min: 1, max: 4 }), async (steps, hours, limit) => {
          await underTest.empty();
          await fill();
          // Of two contents of one version, which never happen, the first one counts.
          const known = new Map<string, StreakWrite>();
          const writes = steps.map((batch) =>
            batch.map((one): StreakWrite => {
              const key = `${one.userId} ${one.version}`;
              const content = known.get(key) ?? toWrite(one);
              known.set(key, content);
              return content;
            }),
          );
          for (const [index, batch] of writes.entries()) {
            await underTest.store.writeAll(batch);
            if (index % 2 === 0) await underTest.catchUp();
          }
          await underTest.catchUp();
          await underTest.store.writeAll(writes.flat());
          await underTest.catchUp();
          const newest = newestOf(writes.flat());
          for (const hour of hours.toSorted((one, other) => one - other)) {
            const nowMs = NOON_MS + hour * 3_600_000;
            for (const board of BOARD_NAMES) {
              expect(await readPages(board, nowMs, limit)).toEqual(rankByHand(newest, board, nowMs));
            }
          }
        }),
        { numRuns: 60, seed: 20_261_121 },
      );

      async function readPages(board: BoardName, nowMs: number, limit: number): Promise<readonly RankedUser[]> {
        const entries: BoardEntry[] = [];
        for (;;) {
          const page = await underTest.boards.page('focus', board, { offset: entries.length, limit }, nowMs);
          entries.push(...(page?.entries ?? []));
          if (page === undefined || page.entries.length < limit) break;
        }
        for (const [place, { userId }] of entries.entries()) {
          const around = await underTest.boards.around('focus', board, { userId, limit: 1 }, nowMs);
          expect(around).toMatchObject({ total: entries.length, first: place, entries: [{ userId }] });
        }
        return entries.map((entry) => ({
          userId: entry.userId,
          qualifiedDays: entry.qualifiedDays,
          longestStreak: entry.longestStreak,
          currentStreak: currentStreakOf(entry, nowMs),
        }));
      }
    }, 60_000);
  });
}

function toWrite({
  userId,
  version,
  state,
}: {
  readonly userId: string;
  readonly version: number;
  readonly state: Omit<StreakState, 'version'> | null;
}): StreakWrite {
  const key = { userId, ruleId: 'focus', generation: 1n };
  return state === null ? { ...key, state, version } : { ...key, state: { ...state, version } };
}

function newestOf(writes: readonly StreakWrite[]): readonly StreakWrite[] {
  const newest = new Map<string, StreakWrite>();
  const versionOf = (one: StreakWrite) => (one.state === null ? one.version : one.state.version);
  for (const one of writes) {
    const known = newest.get(one.userId);
    if (known === undefined || versionOf(known) < versionOf(one)) newest.set(one.userId, one);
  }
  return [...newest.values()];
}

describeBoards('the boards of the store in memory', () => {
  const store = createMemoryStreakStore();
  return { store, boards: store.boards, catchUp: () => undefined, empty: () => store.empty() };
});
