import type { Change, NumberedChange } from '../projection';

/**
 * A shard's rows on their way to the sink. STARTING: its mark has not been read yet. LIVE: rows arrive in memory, contiguous from `nextSeq`. READING_BACK: rows are
 * read from the outbox table until the end is reached. A gap, a full buffer or a failed write leads back to reading.
 */
export type ShardState<C extends Change> =
  | { readonly kind: 'starting' }
  | { readonly kind: 'reading-back'; readonly afterSeq: bigint }
  | { readonly kind: 'live'; readonly nextSeq: bigint; readonly waiting: readonly Handover<C>[] };

/** The numbers of one shard that one transaction used, dead letters included, and the changes among them. */
export interface Handover<C extends Change> {
  readonly firstSeq: bigint;
  readonly lastSeq: bigint;
  readonly changes: readonly NumberedChange<C>[];
}

/** Adds a handover. One that the shard has already passed is dropped. */
export function addHandover<C extends Change>(state: ShardState<C>, handover: Handover<C>): ShardState<C> {
  if (state.kind !== 'live' || handover.lastSeq < state.nextSeq) return state;
  const waiting = [...state.waiting, handover];
  const before = state.waiting.at(-1);
  // Two lanes may report in another order than they committed.
  if (before && before.firstSeq > handover.firstSeq) waiting.sort((a, b) => (a.firstSeq < b.firstSeq ? -1 : 1));
  return { ...state, waiting };
}

export interface Taken<C extends Change> {
  readonly changes: readonly NumberedChange<C>[];
  readonly lastSeq: bigint;
  readonly rest: ShardState<C>;
}

/** Whether `takeContiguous` would take something; costs nothing. */
export const canTake = <C extends Change>(state: ShardState<C>): boolean =>
  state.kind === 'live' && state.waiting[0]?.firstSeq === state.nextSeq;

/** Takes the rows that follow each other without a gap. `undefined`: nothing can be taken. */
export function takeContiguous<C extends Change>(state: ShardState<C>): Taken<C> | undefined {
  if (state.kind !== 'live') return undefined;
  let next = state.nextSeq;
  let count = 0;
  for (const handover of state.waiting) {
    if (handover.firstSeq !== next) break;
    next = handover.lastSeq + 1n;
    count++;
  }
  if (count === 0) return undefined;
  return {
    changes: state.waiting.slice(0, count).flatMap((handover) => handover.changes),
    lastSeq: next - 1n,
    rest: { kind: 'live', nextSeq: next, waiting: state.waiting.slice(count) },
  };
}
