import { ALTERNATING_USER, type Chunk, generateChunks, type InputEvent } from './generate-chunks';

const options = { seed: 7, users: 500, partitions: 12, chunkEvents: 100 };

function take(count: number, seed = options.seed): Chunk[] {
  const chunks = generateChunks({ ...options, seed });
  return Array.from({ length: count }, () => chunks.next().value);
}

describe('the input of the fault suite', () => {
  const chunks = take(300);
  const committed = chunks.filter(({ mode }) => mode !== 'aborted').flatMap(({ events }) => events);

  it('is the same for the same seed, and another for another', () => {
    expect(take(20)).toEqual(chunks.slice(0, 20));
    expect(take(20, 8)).not.toEqual(chunks.slice(0, 20));
  });

  it('has every kind of record, transaction and format, in every partition', () => {
    const count = (kind: InputEvent['kind']) => committed.filter((event) => event.kind === kind).length;
    expect(count('session')).toBeGreaterThan(20_000);
    expect(count('repeat')).toBeGreaterThan(500);
    expect(count('conflict')).toBeGreaterThan(50);
    expect(count('bad')).toBeGreaterThan(50);
    for (const mode of ['idempotent', 'committed', 'aborted']) {
      expect(chunks.filter((chunk) => chunk.mode === mode).length).toBeGreaterThan(10);
    }
    const partitions = new Set(committed.map(({ partition }) => partition));
    expect([...partitions].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index));
  });

  it('has one user whose sessions alternate over all partitions', () => {
    const places = committed.flatMap((event) =>
      event.kind === 'session' && event.session.userId === ALTERNATING_USER ? [event.partition] : [],
    );
    expect(new Set(places).size).toBe(12);
  });

  it('contradicts only sessions that came before, in their own partition', () => {
    const first = new Map<string, number>();
    for (const event of committed) {
      if (event.kind === 'bad') continue;
      const id = `${event.session.userId} ${event.session.sessionId}`;
      if (event.kind === 'session') first.set(id, event.partition);
      else expect(first.has(id)).toBe(true);
      if (event.kind === 'conflict') expect(event.partition).toBe(first.get(id));
    }
  });

  it('aborts nothing that is sent in another chunk too', () => {
    const ids = (wanted: boolean) =>
      chunks
        .filter(({ mode }) => (mode === 'aborted') === wanted)
        .flatMap(({ events }) => events.flatMap((event) => (event.kind === 'bad' ? [] : [event.session.sessionId])));
    const aborted = new Set(ids(true));
    expect(ids(false).filter((id) => aborted.has(id))).toEqual([]);
  });
});
