import type { BoardOutline } from './board-outline';
import { FRESH_MS, keepOutlines, USABLE_MS } from './keep-outlines';

function create() {
  const scans: { resolve(outline: BoardOutline): void; reject(error: Error): void }[] = [];
  let nowMs = 0;
  const outlines = keepOutlines({
    scan: () => new Promise((resolve, reject) => scans.push({ resolve, reject })),
    monotonicMs: () => nowMs,
  });
  return {
    scans,
    get: () => outlines.get('focus', 'qualified', 0),
    getOther: () => outlines.get('activity', 'qualified', 0),
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

const outlineOf = (total: number): BoardOutline => ({ total, anchors: [] });

it('scans once for all who ask meanwhile, and not again while what was found is fresh', async () => {
  const { scans, get, getOther, pass } = create();
  const asked = [get(), get()];
  expect(scans).toHaveLength(1);
  scans[0]?.resolve(outlineOf(1));
  expect(await Promise.all(asked)).toEqual([outlineOf(1), outlineOf(1)]);
  pass(FRESH_MS);
  expect(await get()).toEqual(outlineOf(1));
  expect(scans).toHaveLength(1);
  void getOther();
  expect(scans).toHaveLength(2);
});

it('answers what it has while it scans again', async () => {
  const { scans, get, pass } = create();
  const first = get();
  scans[0]?.resolve(outlineOf(1));
  await first;
  pass(FRESH_MS + 1);
  expect(await get()).toEqual(outlineOf(1));
  expect(await get()).toEqual(outlineOf(1));
  expect(scans).toHaveLength(2);
  scans[1]?.reject(new Error('Postgres is away'));
  await Promise.resolve();
  await Promise.resolve();
  expect(await get()).toEqual(outlineOf(1));
  scans[2]?.resolve(outlineOf(2));
  await Promise.resolve();
  await Promise.resolve();
  expect(await get()).toEqual(outlineOf(2));
});

it('waits for another scan when what it has is old', async () => {
  const { scans, get, pass } = create();
  const first = get();
  scans[0]?.resolve(outlineOf(1));
  await first;
  pass(USABLE_MS + 1);
  const renewed = get();
  scans[1]?.resolve(outlineOf(2));
  expect(await renewed).toEqual(outlineOf(2));
  pass(USABLE_MS + 1);
  const failing = get();
  scans[2]?.reject(new Error('Postgres is away'));
  await expect(failing).rejects.toThrow('Postgres is away');
});
