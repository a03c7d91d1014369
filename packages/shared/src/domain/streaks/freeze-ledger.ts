import type { LocalDay } from '../calendar/local-day';
import type { Bridging, FreezeRule } from './bridging';

/**
 * The bank of freezes of one chain of days after the other. Its days are told in ascending order, each once, as ranges with
 * both ends included; days between two ranges count for nothing.
 */
export interface FreezeLedger {
  /** A new chain begins with the next day: an empty bank, and no day counted towards a freeze. */
  begin(): void;
  /** Qualified days. */
  qualify(first: LocalDay, last: LocalDay): void;
  /**
   * Missed days: paused ones are free, others cost a freeze each.
   * @param last may be Infinity
   * @returns the first of them that can be bridged no more, undefined where all are; after one the ledger must begin anew
   */
  bridge(first: LocalDay, last: LocalDay): LocalDay | undefined;
  /** Freezes in the bank at the beginning of a day that is not before the last one told. */
  freezesOn(day: LocalDay): number;
  isPaused(day: LocalDay): boolean;
}

/** A ledger under a user's freeze rules and pauses. */
export function createFreezeLedger({ freezes, pauses }: Bridging): FreezeLedger {
  let rule: FreezeRule | null = null;
  let bank = 0;
  /** Qualified days of the chain since the last freeze was earned or the rule changed. */
  let counted = 0;
  let nextStep = 0;
  let nextPause = 0;

  /** Brings the rule of a day into force, and on the way all that were between. Returns the day on which the next one begins. */
  function reach(day: LocalDay): number {
    for (; ; nextStep += 1) {
      const step = freezes[nextStep];
      if (step === undefined || step.from > day) {
        return step?.from ?? Number.POSITIVE_INFINITY;
      }
      rule = step.rule;
      bank = Math.min(bank, rule?.cap ?? 0);
      counted = 0;
    }
  }

  /** The first pause that has not ended before a day. */
  function pauseFrom(day: LocalDay): Bridging['pauses'][number] | undefined {
    while ((pauses[nextPause]?.last ?? day) < day) {
      nextPause += 1;
    }
    return pauses[nextPause];
  }

  return {
    begin() {
      bank = 0;
      counted = 0;
    },
    qualify(first, last) {
      for (let day = first; day <= last; ) {
        const end = Math.min(last, reach(day) - 1);
        if (rule !== null) {
          counted += end - day + 1;
          bank = Math.min(rule.cap, bank + Math.floor(counted / rule.earnEvery));
          counted %= rule.earnEvery;
        }
        day = (end + 1) as LocalDay;
      }
    },
    bridge(first, last) {
      for (let day = first; day <= last; ) {
        const stepFrom = reach(day);
        const pause = pauseFrom(day);
        if (pause !== undefined && pause.first <= day) {
          day = (pause.last + 1) as LocalDay;
          continue;
        }
        const end = Math.min(last, stepFrom - 1, (pause?.first ?? Number.POSITIVE_INFINITY) - 1);
        const cost = end - day + 1;
        if (cost > bank) {
          return (day + bank) as LocalDay;
        }
        bank -= cost;
        day = (end + 1) as LocalDay;
      }
      return undefined;
    },
    freezesOn(day) {
      reach(day);
      return bank;
    },
    isPaused(day) {
      return (pauseFrom(day)?.first ?? Number.POSITIVE_INFINITY) <= day;
    },
  };
}
