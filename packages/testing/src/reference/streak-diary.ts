/** Freezes and pauses by living through every day. Days are counted from 1970-01-01. */
import type { ReferenceFreezeRule } from './reference-event';

export interface DiaryDays {
  /** Ascending, each once. */
  readonly qualified: readonly number[];
  readonly isPaused: (day: number) => boolean;
  readonly ruleOn: (day: number) => ReferenceFreezeRule | null;
}

/** Runs joined over bridged days. */
export interface ReferenceChain {
  readonly first: number;
  /** Its last qualified day. */
  readonly last: number;
  /** Qualified days. */
  readonly length: number;
  readonly bridgedDays: number;
}

export interface ReferenceDiary {
  /** In order. */
  readonly chains: readonly ReferenceChain[];
  /** The first day after the last qualified one that nothing bridges; null without qualified days. */
  readonly firstUnbridged: number | null;
}

/** No pause of a test ends later: the diary ends here. */
const END_OF_DIARY = 100_000;

export function keepStreakDiary({ qualified, isPaused, ruleOn }: DiaryDays): ReferenceDiary {
  const [first] = qualified;
  const last = qualified.at(-1);
  if (first === undefined || last === undefined) return { chains: [], firstUnbridged: null };
  const isQualified = new Set(qualified);
  const chains: { first: number; last: number; length: number; bridgedDays: number }[] = [];
  let bank = 0;
  let towardsNext = 0;
  /** Missed days since the last qualified one; null: the streak has broken. */
  let missed: number | null = null;
  let yesterday = ruleOn(first - 1);
  for (let day = first; day <= END_OF_DIARY; day += 1) {
    const rule = ruleOn(day);
    if (rule?.earnEvery !== yesterday?.earnEvery || rule?.cap !== yesterday?.cap) {
      towardsNext = 0;
      bank = rule === null ? 0 : Math.min(bank, rule.cap);
    }
    yesterday = rule;
    if (isQualified.has(day)) {
      let chain = chains.at(-1);
      if (chain === undefined || missed === null) {
        bank = 0;
        towardsNext = 0;
        chain = { first: day, last: day, length: 0, bridgedDays: 0 };
        chains.push(chain);
      } else chain.bridgedDays += missed;
      chain.last = day;
      chain.length += 1;
      missed = 0;
      if (rule !== null) towardsNext += 1;
      if (rule !== null && towardsNext === rule.earnEvery) {
        towardsNext = 0;
        if (bank < rule.cap) bank += 1;
      }
    } else if (missed !== null && isPaused(day)) missed += 1;
    else if (missed !== null && bank > 0) {
      bank -= 1;
      missed += 1;
    } else {
      missed = null;
      if (day > last) return { chains, firstUnbridged: day };
    }
  }
  return { chains, firstUnbridged: END_OF_DIARY };
}
