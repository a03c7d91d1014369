import { classifyStoreError } from '@streaks/shared/postgres/errors';
import type { ClientBase } from 'pg';
import type { Taken } from '../log/log-tail';
import type { RebuildInput } from '../rebuild-input';
import { writeRebuildPositions } from '../schema/positions';
import type { FreshEvents } from './fresh-projection';

export interface AppliedCounts {
  readonly records: number;
  /** Records that cannot be used, by the decoder or by the store. They were dead letters before, and still are. */
  readonly unusable: number;
}

/** The attempt at which the projections no longer copy rows that may be there: they cannot fail with 23505. */
const SAFE_ATTEMPT = 2;

/**
 * Applies records to the fresh tables and moves the positions, by the projection of the processor. The client's search_path
 * is `rebuild`. In its own transactions, or (`isOpen`) in the caller's.
 * @throws the store's error for what only the data can cause, where a transaction of the caller is open
 */
export async function applyToFresh(
  client: ClientBase,
  { topic, projection }: RebuildInput,
  { records, positions }: Taken,
  { isOpen }: { readonly isOpen: boolean },
): Promise<AppliedCounts> {
  const events = await projection.decode(records);
  const undecoded = records.length - events.count;
  if (isOpen) {
    await events.apply(client, SAFE_ATTEMPT);
    await writeRebuildPositions(client, topic, positions);
    return { records: records.length, unusable: undecoded };
  }
  const refused = await applyInHalves(client, events);
  // Apart from the records: those are no-ops when a crash in between has them applied again.
  await writeRebuildPositions(client, topic, positions);
  return { records: records.length, unusable: undecoded + refused };
}

/** As the engine does: what the store refuses for its data is halved down to the record, which is left out. */
async function applyInHalves(client: ClientBase, events: FreshEvents, attempt = 0): Promise<number> {
  const { count } = events;
  if (count === 0) return 0;
  try {
    await client.query('BEGIN');
    await events.apply(client, attempt);
    await client.query('COMMIT');
    return 0;
  } catch (error) {
    await client.query('ROLLBACK');
    const kind = classifyStoreError(error);
    if (kind === 'retry-now' && attempt < SAFE_ATTEMPT) return applyInHalves(client, events, attempt + 1);
    if (kind !== 'data') throw error;
    if (count === 1) return 1;
  }
  const middle = Math.ceil(count / 2);
  const first = await applyInHalves(client, events.slice(0, middle));
  return first + (await applyInHalves(client, events.slice(middle, count)));
}
