import type { CollectedRun, ShardMark, StoredLetter } from '../collected-run';
import type { Expectation } from '../expectation';
import type { Fault } from '../fault';
import { chainsOf } from './chain-faults';

/** Holds the dead letters against those that there must be. */
export function letterFaults(letters: readonly StoredLetter[], expected: Expectation): Fault[] {
  const where = 'dead_letters';
  const faults: Fault[] = [];
  const found = new Map<string, string[]>();
  for (const letter of letters) {
    const key = expected.letterKey(letter);
    const places = found.get(key) ?? [];
    places.push(`${letter.partition}/${letter.offset}`);
    found.set(key, places);
  }
  for (const [key, { least, most }] of expected.letters) {
    const places = found.get(key) ?? [];
    const detail = `${key}: ${least === most ? most : `${least} to ${most}`} expected, stored ${places.join(' and ')}`;
    if (places.length < least) faults.push({ kind: 'lost', where, detail });
    if (places.length > most) faults.push({ kind: most === 0 ? 'wrong' : 'duplicated', where, detail });
  }
  for (const key of found.keys()) {
    if (!expected.letters.has(key)) faults.push({ kind: 'wrong', where, detail: `${key} should not be there` });
  }
  return faults;
}

/** How many numbers of a shard have no row any more: an erasure took it. */
interface Erased {
  least: number;
  most: number;
}

/**
 * Numbers of each shard are used once each, from 1 to the shard's mark, by changes and dead letters together; all of them are projected. The rows that
 * an erasure took had numbers too: those of each version before the erasure, and those of letters, as far as they were stored before it.
 */
export function numberFaults(run: CollectedRun, expected: Expectation): Fault[] {
  const { history, letters, shards } = run;
  const faults: Fault[] = [];
  const used = new Map<number, Set<number>>(shards.map(({ shard }) => [shard, new Set()]));
  for (const { shard, outSeq } of [...history, ...letters]) {
    const numbers = used.get(shard);
    const where = `outbox shard ${shard}`;
    if (numbers === undefined) faults.push({ kind: 'wrong', where, detail: 'there is no such shard' });
    else if (numbers.has(outSeq)) faults.push({ kind: 'duplicated', where, detail: `number ${outSeq}` });
    else numbers.add(outSeq);
  }
  const erased = erasedByShard(run, expected);
  for (const mark of shards) {
    const numbers = used.get(mark.shard) ?? new Set();
    faults.push(...shardFaults(mark, numbers, erased.get(mark.shard) ?? { least: 0, most: 0 }));
  }
  return faults;
}

function erasedByShard({ history, letters, shards }: CollectedRun, expected: Expectation): Map<number, Erased> {
  const erased = new Map<number, Erased>(shards.map(({ shard }) => [shard, { least: 0, most: 0 }]));
  for (const [first] of chainsOf(history).values()) {
    const ofShard = first === undefined ? undefined : erased.get(first.shard);
    if (first === undefined || ofShard === undefined) continue;
    ofShard.least += first.version - 1;
    ofShard.most += first.version - 1;
  }
  const stored = new Set(letters.map((letter) => expected.letterKey(letter)));
  for (const [key, { least, shardOf }] of expected.letters) {
    const ofShard = shardOf === undefined ? undefined : erased.get(shardOf(shards.length));
    if (ofShard !== undefined && least === 0 && !stored.has(key)) ofShard.most += 1;
  }
  return erased;
}

function shardFaults(
  { shard, outSeq, projectedSeq }: ShardMark,
  numbers: ReadonlySet<number>,
  erased: Erased,
): Fault[] {
  const where = `outbox shard ${shard}`;
  const faults: Fault[] = [];
  const missing = Array.from({ length: outSeq }, (_, index) => index + 1).filter((number) => !numbers.has(number));
  const rows = `${missing.length} numbers have no row, of which ${erased.least} to ${erased.most} were erased`;
  if (missing.length > erased.most) faults.push({ kind: 'lost', where, detail: `${rows}: ${missing.join()}` });
  if (missing.length < erased.least) faults.push({ kind: 'wrong', where, detail: rows });
  for (const number of numbers) {
    if (number > outSeq) faults.push({ kind: 'wrong', where, detail: `number ${number} above the mark ${outSeq}` });
  }
  if (projectedSeq !== outSeq) {
    faults.push({ kind: 'wrong', where, detail: `projected to ${projectedSeq} of ${outSeq}` });
  }
  return faults;
}
