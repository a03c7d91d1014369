import type { Change, NumberedChange, NumberedRejection } from '../projection';
import type { OutputRecord, OutputRows, Publication } from './publication';

interface ShardRows<C extends Change> {
  readonly changes: NumberedChange<C>[];
  readonly letters: NumberedRejection[];
}

/**
 * What one transaction committed, as records by shard. Only shards that the publisher would keep now: encoding takes the
 * appliers' time. In each shard the numbers of changes come before those of dead letters.
 */
export function toOutputRows<C extends Change>(
  { publisher, encode, encodeDeadLetter }: Publication<C>,
  numbered: readonly NumberedChange<C>[],
  letters: readonly NumberedRejection[],
  ranges: ReadonlyMap<number, { readonly firstSeq: bigint; readonly lastSeq: bigint }>,
): Map<number, OutputRows> {
  const wanted = new Map<number, ShardRows<C>>();
  for (const shard of ranges.keys()) if (publisher.wants(shard)) wanted.set(shard, { changes: [], letters: [] });
  for (const change of numbered) wanted.get(change.shard)?.changes.push(change);
  for (const letter of letters) wanted.get(letter.shard)?.letters.push(letter);
  const rows = new Map<number, OutputRows>();
  for (const [shard, of] of wanted) {
    const range = ranges.get(shard);
    const changes: readonly OutputRecord[] = of.changes.length > 0 ? encode(shard, of.changes) : [];
    if (range) rows.set(shard, { ...range, records: [...changes, ...of.letters.flatMap(encodeDeadLetter)] });
  }
  return rows;
}
