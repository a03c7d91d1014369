import { waitFor } from '@streaks/testing/wait-for';
import { createStoreWatch } from './store-watch';

function createTrial() {
  const store = { waitedMs: 0, isThere: true, asked: 0, hangs: false };
  const watch = createStoreWatch({
    waitingMs: () => store.waitedMs,
    ask: async () => {
      store.asked += 1;
      if (store.hangs) await new Promise(() => undefined);
      if (!store.isThere) throw new Error('away');
    },
    silenceMs: 30_000,
    answerTimeoutMs: 5_000,
    wait: () => new Promise((resolve) => setImmediate(resolve)),
  });
  return { store, watch };
}

describe('a watch on the store', () => {
  it('asks nothing while transactions end in time', () => {
    const { store, watch } = createTrial();
    store.waitedMs = 29_000;
    expect(watch.findSilence()).toBeUndefined();
    expect(store.asked).toBe(0);
  });

  it('takes a long transaction for no silence while Postgres answers others', async () => {
    const { store, watch } = createTrial();
    store.waitedMs = 300_000;
    await waitFor(() => watch.findSilence() === undefined && store.asked > 3, { description: 'some questions' });
    expect(watch.findSilence()).toBeUndefined();
  });

  it.each([
    ['refuses', { isThere: false }],
    ['hangs', { hangs: true }],
  ])('finds silence where Postgres %s', async (_, fault) => {
    const { store, watch } = createTrial();
    Object.assign(store, { waitedMs: 31_000 }, fault);
    const found = await waitFor(() => watch.findSilence(), { description: 'the silence to be found' });
    expect(found).toBe('Postgres has not answered for 31 s');
  });

  it('waits until Postgres answers, and has then forgotten the silence', async () => {
    const { store, watch } = createTrial();
    Object.assign(store, { waitedMs: 31_000, isThere: false });
    await waitFor(() => watch.findSilence(), { description: 'the silence to be found' });
    const answered = watch.untilAnswers(() => false);
    expect(watch.isAwaiting).toBe(true);
    store.isThere = true;
    await answered;
    expect(watch.isAwaiting).toBe(false);
    expect(watch.findSilence()).toBeUndefined();
  });

  it('gives up waiting when it is over', async () => {
    const { store, watch } = createTrial();
    store.isThere = false;
    let isOver = false;
    const waited = watch.untilAnswers(() => isOver);
    isOver = true;
    await waited;
    expect(watch.isAwaiting).toBe(false);
  });
});
