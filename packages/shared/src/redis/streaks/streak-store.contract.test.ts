import fc from 'fast-check';
import type { LocalDay } from '../../domain/calendar/local-day';
import { RULE_IDS } from '../../domain/rules';
import { emptyStreakState, type StreakState } from '../../domain/streaks/streak-state';
import { createMemoryStreakStore } from './create-memory-streak-store';
import { refillStreakStore } from './refill-streak-store';
import { BUCKETS, bucketOf } from './streak-keys';
import type { StreakStore, StreakWrite } from './streak-store';

export type StoreUnderTest = {
  readonly store: StreakStore;
  /** As FLUSHALL. */
  empty(): Promise<void> | void;
  /** As a server that comes back from a snapshot which holds all it has now. */
  restart(): Promise<void> | void;
};

function stateOf(version: number, timezone: string | null = 'America/New_York'): StreakState {
  const runs = [{ first: (20_000 + version) as LocalDay, length: version + 1 }];
  return { runs, timezone, version, updatedAtMs: 1_700_000_000_000 + version };
}

function write(userId: string, version: number, generation = 1n): StreakWrite {
  return { userId, ruleId: 'focus', generation, state: stateOf(version) };
}

function tombstone(userId: string, version: number, generation = 1n): StreakWrite {
  return { userId, ruleId: 'focus', generation, state: null, version };
}

async function* pagesOf(...pages: readonly (readonly StreakWrite[])[]): AsyncGenerator<readonly StreakWrite[]> {
  yield* pages;
}

/** What every streak store does, whatever holds its values. */
export function describeStreakStore(title: string, prepare: () => StoreUnderTest | Promise<StoreUnderTest>): void {
  describe(title, () => {
    let store: StreakStore;
    let empty: StoreUnderTest['empty'];
    let restart: StoreUnderTest['restart'];
    const find = async (userId: string) => (await store.read(userId, ['focus'])).lookups[0];
    const fill = async (generation: bigint) => {
      await store.beginFill(`fill-${generation}`);
      return store.markFilled(generation, `fill-${generation}`);
    };

    beforeEach(async () => {
      ({ store, empty, restart } = await prepare());
      await empty();
    });

    it('gives back what was written, whatever characters the id has', async () => {
      const ids = ['u1', '{}', 'a:b:c', '界\u{1f600}', '"quoted\\"'];
      const states = ids.map((_, index) => stateOf(index, index === 1 ? null : 'Asia/Tokyo'));
      const writes = ids.map((userId, index): StreakWrite => {
        return { userId, ruleId: 'focus', generation: 3n, state: states[index] ?? stateOf(0) };
      });
      expect(await store.writeAll(writes)).toEqual({ written: ids.length, stale: 0 });
      for (const [index, userId] of ids.entries()) {
        expect(await find(userId)).toEqual({ kind: 'found', state: states[index], generation: 3n });
      }
    });

    it('gives back what bridges missed days, and the wish not to be listed', async () => {
      const day = (value: number) => value as LocalDay;
      const bridging = {
        freezes: [
          { from: day(-1), rule: { earnEvery: 7, cap: 2 } },
          { from: day(20_000), rule: null },
        ],
        pauses: [{ first: day(19_000), last: day(19_010) }],
      };
      const states: StreakState[] = [
        { ...stateOf(1), bridging },
        { ...stateOf(1), bridging: { freezes: [], pauses: bridging.pauses }, isUnlisted: true },
        { ...stateOf(1), isUnlisted: true },
      ];
      for (const [index, state] of states.entries()) {
        await store.writeAll([{ userId: `u${index}`, ruleId: 'focus', generation: 1n, state }]);
        expect(await find(`u${index}`)).toEqual({ kind: 'found', state, generation: 1n });
      }
    });

    it('keeps the rules of a user apart and answers in the order asked', async () => {
      await store.writeAll([
        { ...write('u', 1), ruleId: 'focus' },
        { ...write('u', 2), ruleId: 'activity' },
      ]);
      const { lookups } = await store.read('u', ['activity', 'unknown', 'focus']);
      expect(lookups).toEqual([
        { kind: 'found', state: stateOf(2), generation: 1n },
        { kind: 'miss' },
        { kind: 'found', state: stateOf(1), generation: 1n },
      ]);
    });

    it('refuses an older version and counts it as stale', async () => {
      await store.writeAll([write('u', 5)]);
      expect(await store.writeAll([write('u', 4)])).toEqual({ written: 0, stale: 1 });
      expect(await find('u')).toMatchObject({ state: { version: 5 } });
    });

    it('takes a repeat of what is there as neither written nor stale', async () => {
      await store.writeAll([write('u', 5)]);
      expect(await store.writeAll([write('u', 5)])).toEqual({ written: 0, stale: 0 });
    });

    it('compares versions and generations as numbers, not as text', async () => {
      await store.writeAll([write('u', 9)]);
      expect(await store.writeAll([write('u', 10)])).toEqual({ written: 1, stale: 0 });
      await store.writeAll([write('v', 1, 9n)]);
      expect(await store.writeAll([write('v', 1, 10n)])).toEqual({ written: 1, stale: 0 });
    });

    it('lets a newer generation win over any version of an older one', async () => {
      await store.writeAll([write('u', 500, 1n)]);
      expect(await store.writeAll([write('u', 1, 2n)])).toEqual({ written: 1, stale: 0 });
      expect(await store.writeAll([write('u', 501, 1n)])).toEqual({ written: 0, stale: 1 });
      expect(await find('u')).toEqual({ kind: 'found', state: stateOf(1), generation: 2n });
    });

    it('tells neighbouring versions apart up to 2^53 - 1, and refuses to guess above', async () => {
      const highest = Number.MAX_SAFE_INTEGER;
      const at = (version: number): StreakWrite => {
        return { userId: 'u', ruleId: 'focus', generation: 1n, state: { ...emptyStreakState, version } };
      };
      await store.writeAll([at(highest - 1)]);
      expect(await store.writeAll([at(highest)])).toEqual({ written: 1, stale: 0 });
      expect(await store.writeAll([at(highest - 1)])).toEqual({ written: 0, stale: 1 });
      await expect(store.writeAll([at(highest + 1)])).rejects.toThrow(RangeError);
    });

    it('leaves a tombstone that a late writer of an earlier version does not undo', async () => {
      await store.writeAll([write('u', 3)]);
      await store.writeAll([tombstone('u', 4)]);
      expect(await find('u')).toEqual({ kind: 'deleted', generation: 1n, version: 4 });
      expect(await store.writeAll([write('u', 3)])).toEqual({ written: 0, stale: 1 });
      expect(await find('u')).toMatchObject({ kind: 'deleted' });
      await store.writeAll([write('u', 5)]);
      expect(await find('u')).toMatchObject({ kind: 'found' });
    });

    it('ends in the newest of several writes of one user in one call', async () => {
      const counts = await store.writeAll([write('u', 2), write('u', 7), write('u', 3), tombstone('u', 1)]);
      expect(counts).toEqual({ written: 2, stale: 2 });
      expect(await find('u')).toMatchObject({ state: { version: 7 } });
    });

    it('writes and reads many users at once, in the order asked', async () => {
      const userIds = Array.from({ length: 3_000 }, (_, index) => `user-${index}`);
      const writes = userIds.map((userId, index) => write(userId, index));
      expect(await store.writeAll(writes)).toEqual({ written: 3_000, stale: 0 });
      const asked = [...userIds].reverse().concat('nobody');
      const answers = await store.readMany(asked, 'focus');
      expect(answers.map(({ lookup }) => (lookup.kind === 'found' ? lookup.state.version : lookup.kind))).toEqual([
        ...userIds.map((_, index) => index).reverse(),
        'miss',
      ]);
    });

    it('answers an empty list with nothing', async () => {
      expect(await store.writeAll([])).toEqual({ written: 0, stale: 0 });
      expect(await store.readMany([], 'focus')).toEqual([]);
    });

    it('says whether the sentinel stands, and which buckets lack that of a generation', async () => {
      expect(await store.missingBuckets(1n)).toHaveLength(BUCKETS);
      expect(await store.read('u', ['focus'])).toEqual({ isFilled: false, lookups: [{ kind: 'miss' }] });
      expect(await fill(1n)).toBe(BUCKETS);
      expect(await store.read('u', ['focus'])).toEqual({ isFilled: true, lookups: [{ kind: 'miss' }] });
      expect(await store.missingBuckets(1n)).toEqual([]);
      expect(await store.missingBuckets(2n)).toHaveLength(BUCKETS);
      expect(await store.missingBoards(1n)).toEqual([]);
      expect(await store.missingBoards(2n)).toEqual(RULE_IDS);
    });

    it('never moves a sentinel back', async () => {
      await fill(10n);
      await fill(9n);
      expect(await store.missingBuckets(10n)).toEqual([]);
    });

    it('does not trust a server that restarted, whose snapshot may be older than what it confirmed', async () => {
      await store.writeAll([write('u', 3)]);
      await fill(1n);
      await restart();
      expect(await store.missingBuckets(1n)).toHaveLength(BUCKETS);
      expect(await store.missingBoards(1n)).toEqual(RULE_IDS);
      await store.beginFill('after');
      expect(await store.read('u', ['focus'])).toMatchObject({ isFilled: false });
      expect(await store.markFilled(1n, 'after')).toBe(BUCKETS);
      expect(await store.read('u', ['focus'])).toMatchObject({ isFilled: true });
      expect(await store.missingBuckets(1n)).toEqual([]);
    });

    it('hides and refuses what an older generation left once the sentinel of a newer one stands', async () => {
      await store.writeAll([write('erased-by-rebuild', 3, 1n)]);
      await fill(2n);
      expect(await find('erased-by-rebuild')).toEqual({ kind: 'miss' });
      expect(await store.writeAll([write('erased-by-rebuild', 4, 1n)])).toEqual({ written: 0, stale: 1 });
      expect((await store.readMany(['erased-by-rebuild'], 'focus'))[0]?.lookup).toEqual({ kind: 'miss' });
    });

    it('ends in the greatest generation and version under any interleaving of writers', async () => {
      const entry = fc.record({
        user: fc.constantFrom('a', 'b', 'c'),
        generation: fc.bigInt({ min: 1n, max: 3n }),
        version: fc.nat({ max: 12 }),
        isDeletion: fc.boolean(),
      });
      const calls = fc.array(fc.array(entry, { maxLength: 6 }), { minLength: 1, maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(calls, async (batches) => {
          await empty();
          await Promise.all(
            batches.map((batch) =>
              store.writeAll(
                batch.map(({ user, generation, version, isDeletion }) =>
                  isDeletion ? tombstone(user, version, generation) : write(user, version, generation),
                ),
              ),
            ),
          );
          for (const user of ['a', 'b', 'c']) {
            const [greatest] = batches
              .flat()
              .filter((candidate) => candidate.user === user)
              .map(({ generation, version }) => Number(generation) * 100 + version)
              .sort((one, other) => other - one);
            const found = await find(user);
            const version =
              found?.kind === 'found' ? found.state.version : found?.kind === 'deleted' ? found.version : 0;
            const rank =
              found === undefined || found.kind === 'miss' ? undefined : Number(found.generation) * 100 + version;
            expect(rank).toBe(greatest);
          }
        }),
        { numRuns: 60, seed: 20_251_121 },
      );
    });

    describe('refill', () => {
      const refill = (pages: AsyncIterable<readonly StreakWrite[]>, fillId = 'a', signal?: AbortSignal) =>
        refillStreakStore({ store, pages, generation: 1n, fillId, ...(signal === undefined ? {} : { signal }) });

      it('writes every page, then sets the sentinels', async () => {
        const result = await refill(pagesOf([write('a', 1), write('b', 2)], [write('c', 3)]));
        expect(result).toEqual({ rows: 3, written: 3, stale: 0, isFilled: true });
        expect(await store.read('c', ['focus'])).toEqual({
          isFilled: true,
          lookups: [{ kind: 'found', state: stateOf(3), generation: 1n }],
        });
      });

      it('does not put an older row over what the relay wrote meanwhile', async () => {
        await store.writeAll([write('a', 9)]);
        expect(await refill(pagesOf([write('a', 8)]))).toMatchObject({ written: 0, stale: 1, isFilled: true });
        expect(await find('a')).toMatchObject({ state: { version: 9 } });
      });

      it('sets no sentinel where the store was emptied in the middle: the first pages are gone', async () => {
        async function* emptiedBetweenPages() {
          yield [write('a', 1)];
          await empty();
          yield [write('b', 1)];
        }
        expect(await refill(emptiedBetweenPages())).toMatchObject({ isFilled: false });
        expect(await store.missingBuckets(1n)).toHaveLength(BUCKETS);
      });

      it('sets no sentinel where the server restarted in the middle, though it remembers the refill', async () => {
        async function* restartedBetweenPages() {
          yield [write('a', 1)];
          await restart();
          yield [write('b', 1)];
        }
        expect(await refill(restartedBetweenPages())).toMatchObject({ isFilled: false });
        expect(await store.missingBuckets(1n)).toHaveLength(BUCKETS);
      });

      it('leaves the sentinels to the refill that began last', async () => {
        async function* overtaken() {
          yield [write('a', 1)];
          await store.beginFill('later');
        }
        expect(await refill(overtaken())).toMatchObject({ isFilled: false });
        expect(await store.markFilled(1n, 'later')).toBe(BUCKETS);
      });

      it('stops before its next page when it is told to, without a sentinel', async () => {
        const stop = new AbortController();
        async function* stoppedAfterFirst() {
          yield [write('a', 1)];
          stop.abort();
          yield [write('b', 1)];
        }
        expect(await refill(stoppedAfterFirst(), 'a', stop.signal)).toMatchObject({ rows: 1, isFilled: false });
        expect(await find('b')).toEqual({ kind: 'miss' });
      });

      it('keeps no sentinel when a page cannot be read', async () => {
        async function* broken() {
          yield [write('a', 1)];
          throw new Error('Postgres went away');
        }
        await expect(refill(broken())).rejects.toThrow('Postgres went away');
        expect(await store.missingBuckets(1n)).toHaveLength(BUCKETS);
      });
    });

    it('spreads users over all buckets', () => {
      const seen = new Set(Array.from({ length: 2_000 }, (_, index) => bucketOf(`user-${index}`)));
      expect(seen.size).toBe(BUCKETS);
    });
  });
}

describeStreakStore('the streak store in memory', () => {
  const store = createMemoryStreakStore();
  return { store, empty: () => store.empty(), restart: () => store.restart() };
});
