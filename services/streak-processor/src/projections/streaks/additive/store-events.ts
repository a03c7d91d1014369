import type { ClientBase } from 'pg';
import { orderEvents } from '../batch/order-events';
import type { KnownKeys } from '../memory/known-keys';
import type { Withheld, WithheldEvents } from '../specials/withhold-events';
import { insertEvents, type RecordedEvent, raiseRecordTimes } from '../sql/insert-events';
import type { AdditiveEvent, RuleSource } from './rule-source';

/** What became of a record's event. */
export type Verdict = 'stored' | 'duplicate' | 'conflict' | Withheld;

export interface StoreEventsOptions<Event> {
  /** In record order. */
  readonly events: readonly Event[];
  /** Of the record at a place, in epoch milliseconds. */
  readonly recordTimeMs: (place: number) => number;
  readonly withheld: WithheldEvents;
  readonly attempt: number;
  readonly known: KnownKeys;
}

export interface StoredEvents {
  /** By the place of the record. */
  readonly verdicts: readonly Verdict[];
  /** The places of the events that were stored, by the bytes of (userId, id). */
  readonly stored: readonly number[];
}

/**
 * Stores the events that are not withheld. Of each identity the first one is kept, whether it is in the table or earlier in the
 * batch; identical repeats give it the latest record time among them.
 */
export async function storeEvents<Event extends AdditiveEvent>(
  client: ClientBase,
  source: RuleSource<Event>,
  { events, recordTimeMs: recordTimeAt, withheld, attempt, known }: StoreEventsOptions<Event>,
): Promise<StoredEvents> {
  const verdicts = new Array<Verdict>(events.length).fill('stored');
  for (const [place, verdict] of withheld) verdicts[place] = verdict;
  const counting = withheld.size === 0 ? undefined : [...events.keys()].filter((place) => !withheld.has(place));
  const { firsts, repeats } = orderEvents(source, events, counting);

  const latestMs = new Map<number, number>();
  for (const { repeat, first } of repeats) {
    if (!source.isRepeat(events[repeat] as Event, events[first] as Event)) continue;
    latestMs.set(first, Math.max(latestMs.get(first) ?? recordTimeAt(first), recordTimeAt(repeat)));
  }
  const candidates = {
    events: firsts.map((first) => events[first] as Event),
    recordTimesMs: new Float64Array(firsts.length),
  };
  for (let place = 0; place < firsts.length; place += 1) {
    const first = firsts[place] as number;
    candidates.recordTimesMs[place] = latestMs.get(first) ?? recordTimeAt(first);
  }
  const taken = await insertEvents(client, source, candidates, attempt, known);

  const keptByFirst = new Map<number, RecordedEvent<Event>>();
  for (const [place, kept] of taken) keptByFirst.set(firsts[place] as number, kept);
  const raised = new Map<number, number>();
  const judge = (place: number, first: number): void => {
    const event = events[place] as Event;
    const kept = keptByFirst.get(first);
    const isRepeat = source.isRepeat(event, kept?.event ?? (events[first] as Event));
    verdicts[place] = isRepeat ? 'duplicate' : 'conflict';
    if (!isRepeat || kept === undefined) return;
    const recordTimeMs = recordTimeAt(place);
    if (recordTimeMs > (raised.get(first) ?? kept.recordTimeMs)) raised.set(first, recordTimeMs);
  };
  for (const first of keptByFirst.keys()) judge(first, first);
  for (const { repeat, first } of repeats) judge(repeat, first);
  if (raised.size > 0) {
    // In the order of the firsts, which is that of locks.
    const inOrder = firsts.filter((first) => raised.has(first));
    await raiseRecordTimes(client, source, {
      events: inOrder.map((first) => events[first] as Event),
      recordTimesMs: Float64Array.from(inOrder, (first) => raised.get(first) as number),
    });
  }
  return { verdicts, stored: taken.size === 0 ? firsts : firsts.filter((first) => !keptByFirst.has(first)) };
}
