import type { ReferenceEvent } from '@streaks/testing/reference/reference-event';
import { userOf } from '@streaks/testing/reference/reference-event';
import { generateChunks } from './generate-chunks';
import { type Chunk, type InputEvent, topicOf } from './input-event';
import { ALTERNATING_USER } from './people';

const options = { seed: 7, users: 500, partitions: 12, chunkEvents: 100 };

function take(count: number, seed = options.seed): Chunk[] {
  const chunks = generateChunks({ ...options, seed });
  return Array.from({ length: count }, () => chunks.next().value);
}

const eventsOf = (chunks: readonly Chunk[]): ReferenceEvent[] =>
  chunks.flatMap(({ events }) => events.flatMap((one) => (one.kind === 'bad' ? [] : [one.event])));

/** What an event is known by, where it has an id. */
function idOf(event: ReferenceEvent): string | undefined {
  if (event.kind === 'session') return `${event.session.userId} ${event.session.sessionId}`;
  return event.kind === 'check-in' ? `${event.checkIn.userId} ${event.checkIn.checkInId}` : undefined;
}

describe('the input of the fault suite', () => {
  const chunks = take(300);
  const settled = chunks.filter(({ mode }) => mode !== 'aborted');
  const committed = settled.flatMap(({ events }) => events);
  const events = eventsOf(settled);

  it('is the same for the same seed, and another for another', () => {
    expect(take(20)).toEqual(chunks.slice(0, 20));
    expect(take(20, 8)).not.toEqual(chunks.slice(0, 20));
  });

  it('has every kind of record, transaction and format, in every partition', () => {
    const count = (kind: InputEvent['kind']) => committed.filter((event) => event.kind === kind).length;
    expect(count('repeat')).toBeGreaterThan(500);
    expect(count('conflict')).toBeGreaterThan(50);
    expect(count('bad')).toBeGreaterThan(50);
    for (const mode of ['idempotent', 'committed', 'aborted']) {
      expect(chunks.filter((chunk) => chunk.mode === mode).length).toBeGreaterThan(10);
    }
    const ofUsers = committed.filter((event) => topicOf(event) === 'users');
    const partitions = new Set(ofUsers.map(({ partition }) => partition));
    expect([...partitions].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index));
  });

  it('mixes all events, sessions by far the most', () => {
    const share = (kind: ReferenceEvent['kind']) =>
      events.filter((event) => event.kind === kind).length / events.length;
    expect(share('session')).toBeGreaterThan(0.8);
    expect(share('check-in')).toBeGreaterThan(0.04);
    for (const kind of ['retraction', 'settings'] as const) expect(share(kind)).toBeGreaterThan(0.01);
    for (const kind of ['organisation', 'friendship', 'erasure'] as const) expect(share(kind)).toBeGreaterThan(0.001);
    const changed = new Set(events.flatMap((event) => (event.kind === 'settings' ? Object.keys(event.change) : [])));
    expect([...changed].sort()).toEqual([
      'changeId',
      'changedAtMs',
      'dailyCheckInTarget',
      'dailyTargetSeconds',
      'effectiveFrom',
      'freeze',
      'leaderboardOptOut',
      'organisationId',
      'pauses',
      'timezone',
    ]);
  });

  it('has one user whose records of all kinds go to all partitions', () => {
    const theirs = committed.flatMap((one) => {
      if (one.kind === 'bad' || topicOf(one) !== 'users') return [];
      const { event } = one;
      if (event.kind === 'organisation' || event.kind === 'friendship') return [];
      return userOf(event) === ALTERNATING_USER ? [{ partition: one.partition, kind: event.kind }] : [];
    });
    expect(new Set(theirs.map(({ partition }) => partition)).size).toBe(12);
    expect(new Set(theirs.map(({ kind }) => kind))).toEqual(
      new Set(['session', 'check-in', 'retraction', 'settings', 'erasure']),
    );
  });

  it('contradicts only what came before in its own partition and is neither retracted nor erased', () => {
    const first = new Map<string, number>();
    const gone = new Set(
      events.flatMap((event) => (event.kind === 'retraction' ? [`${event.userId} ${event.sessionId}`] : [])),
    );
    const erased = new Set(events.flatMap((event) => (event.kind === 'erasure' ? [event.userId] : [])));
    let contradictions = 0;
    for (const one of committed) {
      const id = one.kind === 'bad' ? undefined : idOf(one.event);
      if (one.kind === 'bad' || id === undefined) continue;
      if (one.kind === 'first') first.set(id, one.partition);
      else expect(first.has(id)).toBe(true);
      if (one.kind !== 'conflict') continue;
      contradictions += 1;
      expect([one.partition, gone.has(id), erased.has(id.split(' ')[0] ?? '')]).toEqual([first.get(id), false, false]);
    }
    expect(contradictions).toBeGreaterThan(50);
  });

  it('retracts sessions that were sent and sessions that are still to come', () => {
    const sent = new Set<string>();
    const count = { before: 0, after: 0 };
    for (const event of events) {
      if (event.kind === 'session') sent.add(idOf(event) ?? '');
      if (event.kind === 'retraction') count[sent.has(`${event.userId} ${event.sessionId}`) ? 'after' : 'before'] += 1;
    }
    expect(Math.min(count.before, count.after)).toBeGreaterThan(50);
  });

  it('goes on with those who were erased', () => {
    const erased = new Set<string>();
    const goOn = new Set<string>();
    for (const event of events) {
      if (event.kind === 'erasure') erased.add(event.userId);
      else if (event.kind === 'session' && erased.has(event.session.userId)) goOn.add(event.session.userId);
    }
    expect(erased.size).toBeGreaterThan(15);
    expect(goOn.size).toBeGreaterThan(erased.size / 2);
  });

  it('aborts nothing that is sent in another chunk too, but for events that have no id', () => {
    const ids = (wanted: boolean) =>
      eventsOf(chunks.filter(({ mode }) => (mode === 'aborted') === wanted)).flatMap((event) => idOf(event) ?? []);
    const aborted = new Set(ids(true));
    expect(ids(false).filter((id) => aborted.has(id))).toEqual([]);
  });
});
