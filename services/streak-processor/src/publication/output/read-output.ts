import type { OutputRecord, ReadOutput } from '@streaks/exactly-once/publish/publication';
import type { Pool } from 'pg';
import { createOutputRecords, type OutputPlaces } from './output-records';
import { type DeadLetterSize, readDeadLetterSizes, readDeadLetters } from './read-dead-letters';
import { type HistoryRow, readHistory, readStates } from './read-history';

export interface ReadOutputOptions {
  /** Sessions with `readOutputSettings`. */
  readonly pool: Pool;
  readonly places: OutputPlaces;
  /** What a page may weigh; one row is always read, whatever its size. */
  readonly maxBytes: number;
}

/** Tables grow under plans that are kept: each page is found by key and read in its order, never sorted out of the whole. */
export const readOutputSettings = {
  jit: 'off',
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_sort: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
} as const;

/** A change and the state behind it, beyond their texts. */
const CHANGE_BYTES = 600;

/**
 * Reads rows of the outbox back as records. `out_seq` is read first and rows only up to it: it moves in the transaction that
 * writes the rows, so all of them are there to be read, and a number without a row (a dead letter whose position has one
 * from before a rebuild, a row of a user who was erased since) is known to have none. Rows never change. Those of a user may
 * vanish between the reads, by an erasure that has a row of its own behind all of them. So the reads need no common snapshot.
 *
 * The state behind a user's last change in the page is read after it. Where it is a newer one it is left out: its own change
 * comes in a later page, and a state published ahead of it could be followed by an older one. An erasure raises the version
 * too, so nothing of an erased user's state is read behind a change that has vanished meanwhile.
 */
export function createReadOutput({ pool, places, maxBytes }: ReadOutputOptions): ReadOutput {
  const records = createOutputRecords(places);

  return async (shard, afterSeq, limit) => {
    const outSeq = await readOutSeq(pool, shard);
    if (outSeq <= afterSeq) return undefined;
    const range = { shard, afterSeq, untilSeq: outSeq, limit };
    const [history, sizes] = await Promise.all([readHistory(pool, range), readDeadLetterSizes(pool, range)]);
    const { changes, letters, lastSeq } = cutPage(history, sizes, limit, maxBytes);
    const untilSeq = lastSeq ?? outSeq;
    const [states, letterRows] = await Promise.all([
      readStates(pool, lastChanges(changes)),
      letters.length === 0 ? [] : readDeadLetters(pool, { ...range, untilSeq }),
    ]);

    const output: OutputRecord[] = [];
    for (const { seq, change } of changes) {
      output.push(records.change(shard, seq, change));
      const state = states.get(seq);
      if (state !== undefined) output.push(records.state(shard, seq, state, change.changeType));
    }
    for (const { seq, letter } of letterRows) output.push(records.deadLetter(seq, letter));
    // Stable: a state stays behind its change.
    if (letterRows.length > 0) output.sort((one, other) => Number(one.seq - other.seq));
    return { firstSeq: afterSeq + 1n, lastSeq: untilSeq, records: output };
  };
}

async function readOutSeq(pool: Pool, shard: number): Promise<bigint> {
  const { rows } = await pool.query<{ out_seq: string }>({
    name: 'streaks_output_mark',
    text: 'SELECT out_seq FROM outbox_shard WHERE shard = $1',
    values: [shard],
  });
  const [row] = rows;
  if (!row) throw new Error(`outbox_shard has no shard ${shard}`);
  return BigInt(row.out_seq);
}

interface Page {
  readonly changes: readonly HistoryRow[];
  readonly letters: readonly DeadLetterSize[];
  /** Undefined: the page holds all that there is, whatever its last row is. */
  readonly lastSeq: bigint | undefined;
}

/** Both lists in number order; the page ends at the limit of rows or before the row with which it would weigh too much. */
function cutPage(
  history: readonly HistoryRow[],
  letters: readonly DeadLetterSize[],
  limit: number,
  maxBytes: number,
): Page {
  let changeCount = 0;
  let letterCount = 0;
  let bytes = 0;
  let lastSeq: bigint | undefined;
  while (changeCount < history.length || letterCount < letters.length) {
    const change = history[changeCount];
    const letter = letters[letterCount];
    const isChange = change !== undefined && (letter === undefined || change.seq < letter.seq);
    bytes += isChange ? CHANGE_BYTES + 2 * change.change.userId.length : (letter?.bytes ?? 0);
    const count = changeCount + letterCount;
    if (count === limit || (bytes > maxBytes && count > 0)) {
      return { changes: history.slice(0, changeCount), letters: letters.slice(0, letterCount), lastSeq };
    }
    lastSeq = isChange ? change.seq : letter?.seq;
    if (isChange) changeCount += 1;
    else letterCount += 1;
  }
  // A list that came full may have had more to give.
  const isWhole = history.length < limit && letters.length < limit;
  return { changes: history, letters, lastSeq: isWhole ? undefined : lastSeq };
}

/** The last change of each user and rule. Versions go on from one generation to the next. */
function lastChanges(changes: readonly HistoryRow[]): readonly HistoryRow[] {
  const last = new Map<string, HistoryRow>();
  for (const row of changes) last.set(`${row.change.ruleId} ${row.change.userId}`, row);
  return [...last.values()];
}
