import { setTimeout as delay } from 'node:timers/promises';
import { createLogger } from '@streaks/shared/observability/create-logger';
import { waitFor } from '@streaks/testing/wait-for';
import { type KeepBoardsOptions, type KeptBoards, keepBoards, keepBoardsAway } from './keep-boards';

const logger = createLogger({ service: 'test', level: 'silent' });
let kept: KeptBoards | undefined;

afterEach(() => kept?.stop());

/** Boards with so much to do, and how long a look at them takes. */
function start({ marked = 0, broken = 0, isMine = true, isBusy = false, tookMs = 0, failures = 0 }) {
  const counts = { runs: 0, trims: 0, ranked: 0, left: marked, broken, failures };
  let elapsedMs = 0;
  const options: KeepBoardsOptions = {
    logger,
    owner: 'me',
    clock: { nowMs: () => 5 },
    monotonicMs: () => {
      elapsedMs += tookMs;
      return elapsedMs;
    },
    onRanked: (users) => {
      counts.ranked += users;
    },
    catchUp: {
      async run() {
        counts.runs += 1;
        if (counts.failures > 0) {
          counts.failures -= 1;
          throw new Error('Redis is away');
        }
        const settled = Math.min(10, counts.left);
        counts.left -= settled;
        return { settled, isBusy };
      },
      waiting: async () => counts.left,
    },
    upkeep: {
      lease: async () => isMine,
      async trim() {
        counts.trims += 1;
        const trimmed = Math.min(500, counts.broken);
        counts.broken -= trimmed;
        return trimmed;
      },
      removeAll: async () => undefined,
    },
  };
  kept = keepBoards(options);
  return counts;
}

it('ranks all who are marked, one look after the other', async () => {
  const counts = start({ marked: 95 });
  await waitFor(() => counts.ranked === 95, { description: 'all to be ranked', timeoutMs: 1_000 });
  expect(counts.runs).toBeLessThanOrEqual(11);
});

it('rests for most of the time while states are being written', async () => {
  const busy = start({ marked: 1_000_000, isBusy: true, tookMs: 10 });
  await delay(200);
  await kept?.stop();
  expect(busy.runs).toBeLessThanOrEqual(2);
  const quiet = start({ marked: 1_000_000, tookMs: 10 });
  await waitFor(() => quiet.runs >= 5, { description: 'looks in quick succession', timeoutMs: 2_000 });
});

it('leaves the boards to the process that keeps them', async () => {
  const counts = start({ marked: 5, isMine: false });
  await delay(50);
  expect(counts).toMatchObject({ runs: 0, trims: 0 });
});

it('takes off what has broken until nothing is left, then looks once a second', async () => {
  const counts = start({ broken: 1_400 });
  await waitFor(() => counts.broken === 0, { description: 'all to be taken off', timeoutMs: 1_000 });
  await delay(300);
  expect(counts.trims).toBe(4);
});

it('goes on after a failure', async () => {
  const counts = start({ marked: 1, failures: 1 });
  await waitFor(() => counts.ranked === 1, { description: 'another look', timeoutMs: 3_000 });
});

it('removes boards that are not kept any more, and those that others bring back', async () => {
  let removals = 0;
  kept = keepBoardsAway(
    {
      lease: async () => true,
      trim: async () => 0,
      async removeAll() {
        removals += 1;
        throw new Error('Redis is away');
      },
    },
    logger,
  );
  await waitFor(() => removals === 2, { description: 'a second removal', timeoutMs: 3_000 });
});
