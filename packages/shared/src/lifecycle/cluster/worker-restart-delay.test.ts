import { workerRestartDelayMs } from './worker-restart-delay';

test('the delay doubles up to half a minute, and starts over after a steady run', () => {
  const delays: number[] = [];
  for (let delay = 0; delays.length < 8; ) {
    delay = workerRestartDelayMs(1_000, delay);
    delays.push(delay);
  }
  expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(workerRestartDelayMs(60_000, 30_000)).toBe(500);
});
