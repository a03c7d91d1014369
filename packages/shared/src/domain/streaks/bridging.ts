import type { LocalDay } from '../calendar/local-day';
import { createFreezeLedger, type FreezeLedger } from './freeze-ledger';
import { lastDayOf, type Runs } from './runs';

/** How freezes are earned: one with each `earnEvery`-th qualified day of a streak, at most `cap` at a time. */
export interface FreezeRule {
  /** 1 to 365. */
  readonly earnEvery: number;
  /** 1 to 100. */
  readonly cap: number;
}

/** The rule in force from a day until the next step; null: none. */
export interface FreezeStep {
  readonly from: LocalDay;
  readonly rule: FreezeRule | null;
}

/** Days of a pause, both ends included. */
export interface DayRange {
  readonly first: LocalDay;
  readonly last: LocalDay;
}

/**
 * What may bridge days that were missed. Steps ascend by day and neighbours differ; pauses ascend and neither overlap nor
 * touch. Where neither has an element a state has no bridging at all.
 */
export interface Bridging {
  readonly freezes: readonly FreezeStep[];
  readonly pauses: readonly DayRange[];
}

/**
 * Runs joined over days that freezes or pauses bridged. Its length is that of its runs: bridged days are between qualified
 * ones and count for nothing.
 */
export interface Chain {
  readonly first: LocalDay;
  /** A qualified day, as the first is. */
  readonly last: LocalDay;
  /** Qualified days. */
  readonly length: number;
  /** Days between its runs, paused or paid for. */
  readonly bridgedDays: number;
  /** Freezes in the bank after its last day. */
  readonly freezesLeft: number;
}

/** Chains, ascending; without bridging one per run. */
export function chainsOf(runs: Runs, bridging: Bridging | undefined): readonly Chain[] {
  return bridging === undefined
    ? runs.map((run) => ({
        first: run.first,
        last: lastDayOf(run),
        length: run.length,
        bridgedDays: 0,
        freezesLeft: 0,
      }))
    : walkChains(runs, bridging).chains;
}

/** The chains, and the ledger as it stands after the last qualified day. */
export function walkChains(
  runs: Runs,
  bridging: Bridging,
): { readonly chains: readonly Chain[]; readonly ledger: FreezeLedger } {
  const chains: Chain[] = [];
  const ledger = createFreezeLedger(bridging);
  let chain: Chain | undefined;
  for (const run of runs) {
    const { first } = run;
    const last = lastDayOf(run);
    if (chain !== undefined && ledger.bridge((chain.last + 1) as LocalDay, (first - 1) as LocalDay) !== undefined) {
      ledger.begin();
      chains.push(chain);
      chain = undefined;
    }
    ledger.qualify(first, last);
    chain = {
      first: chain?.first ?? first,
      last,
      length: (chain?.length ?? 0) + run.length,
      bridgedDays: chain === undefined ? 0 : chain.bridgedDays + (first - chain.last - 1),
      freezesLeft: ledger.freezesOn(last),
    };
  }
  if (chain !== undefined) {
    chains.push(chain);
  }
  return { chains, ledger };
}

/**
 * The first day after the last qualified one that nothing can bridge any more: once it has ended without being qualified,
 * the streak is broken. Undefined without qualified days.
 */
export function firstUnbridgedDay(runs: Runs, bridging: Bridging | undefined): LocalDay | undefined {
  const latest = runs.at(-1);
  if (latest === undefined) {
    return undefined;
  }
  const next = (lastDayOf(latest) + 1) as LocalDay;
  return bridging === undefined
    ? next
    : walkChains(runs, bridging).ledger.bridge(next, Number.POSITIVE_INFINITY as LocalDay);
}

export function sameFreezeRule(one: FreezeRule | null, other: FreezeRule | null): boolean {
  return one?.earnEvery === other?.earnEvery && one?.cap === other?.cap;
}

/** Whether two bridge the same days in the same way. */
export function sameBridging(one: Bridging | undefined, other: Bridging | undefined): boolean {
  if (one === undefined || other === undefined || one === other) {
    return one === other;
  }
  return (
    one.freezes.length === other.freezes.length &&
    one.pauses.length === other.pauses.length &&
    one.freezes.every(({ from, rule }, index) => {
      const step = other.freezes[index];
      return step !== undefined && step.from === from && sameFreezeRule(step.rule, rule);
    }) &&
    one.pauses.every(({ first, last }, index) => {
      const pause = other.pauses[index];
      return pause !== undefined && pause.first === first && pause.last === last;
    })
  );
}
