import { createStoreCircuit, FAILURES_TO_OPEN, PROBE_INTERVAL_MS, StoreUnavailable } from './store-circuit';

function prepare() {
  const clock = { nowMs: 0 };
  const changes: boolean[] = [];
  const circuit = createStoreCircuit({
    store: 'redis',
    isOutage: (error) => error instanceof Error && error.message === 'away',
    monotonicMs: () => clock.nowMs,
    onChange: (isUp) => changes.push(isUp),
  });
  const fail = () => circuit.run(() => Promise.reject(new Error('away')));
  const open = async () => {
    for (let index = 0; index < FAILURES_TO_OPEN; index += 1) {
      await expect(fail()).rejects.toThrow(StoreUnavailable);
    }
  };
  return { circuit, clock, changes, fail, open };
}

const ok = () => Promise.resolve('ok');

describe('createStoreCircuit', () => {
  it('opens after failures in a row only', async () => {
    const { circuit, changes, fail } = prepare();
    for (let index = 0; index < 10; index += 1) {
      await expect(fail()).rejects.toThrow('redis cannot be reached');
      await circuit.run(ok);
    }
    expect(changes).toEqual([]);
  });

  it('refuses at once while open, without doing the work', async () => {
    const { circuit, clock, changes, open } = prepare();
    await open();
    clock.nowMs = PROBE_INTERVAL_MS - 1;
    const work = jest.fn(ok);
    await expect(circuit.run(work)).rejects.toThrow(StoreUnavailable);
    expect(work).not.toHaveBeenCalled();
    expect(changes).toEqual([false]);
  });

  it('lets one call through after the interval, and closes when it is answered', async () => {
    const { circuit, clock, changes, open } = prepare();
    await open();
    clock.nowMs = PROBE_INTERVAL_MS;
    let answer: (value: string) => void = () => undefined;
    const probe = circuit.run(() => new Promise<string>((resolve) => (answer = resolve)));
    await expect(circuit.run(ok)).rejects.toThrow(StoreUnavailable);
    answer('back');
    expect(await probe).toBe('back');
    expect(await circuit.run(ok)).toBe('ok');
    expect(changes).toEqual([false, true]);
  });

  it('waits another interval when the probe fails', async () => {
    const { circuit, clock, fail, open } = prepare();
    await open();
    clock.nowMs = PROBE_INTERVAL_MS;
    await expect(fail()).rejects.toThrow(StoreUnavailable);
    clock.nowMs = 2 * PROBE_INTERVAL_MS - 1;
    await expect(circuit.run(ok)).rejects.toThrow(StoreUnavailable);
    clock.nowMs = 2 * PROBE_INTERVAL_MS;
    expect(await circuit.run(ok)).toBe('ok');
  });

  it('passes on an error that is no outage, which is an answer too', async () => {
    const { circuit, clock, changes, open } = prepare();
    await open();
    clock.nowMs = PROBE_INTERVAL_MS;
    await expect(circuit.run(() => Promise.reject(new Error('bug')))).rejects.toThrow('bug');
    expect(changes).toEqual([false, true]);
  });
});
