import type { ReferenceBridging } from '@streaks/testing/reference/reference-streak';
import { isoDate } from '@streaks/testing/reference-fold';

/** Days since 1970, as tables, Redis and topics have them. */
export interface BridgingDays {
  readonly freezes: readonly {
    readonly from: number;
    readonly rule: { readonly earnEvery: number; readonly cap: number } | null;
  }[];
  readonly pauses: readonly { readonly first: number; readonly last: number }[];
}

/** What may bridge missed days, as text: `2025-01-01:7/2,2025-02-01:none pauses 2025-03-01..2025-03-05`; `unbridged` without any. */
export function bridgingText(bridging: ReferenceBridging | null): string {
  if (bridging === null || (bridging.freezes.length === 0 && bridging.pauses.length === 0)) return 'unbridged';
  const steps = bridging.freezes.map(
    ({ from, rule }) => `${from}:${rule === null ? 'none' : `${rule.earnEvery}/${rule.cap}`}`,
  );
  return `${steps.join()} pauses ${bridging.pauses.map(({ first, last }) => `${first}..${last}`).join()}`;
}

export function bridgingOfDays({ freezes, pauses }: BridgingDays): ReferenceBridging {
  return {
    freezes: freezes.map(({ from, rule }) => ({ from: isoDate(from), rule })),
    pauses: pauses.map(({ first, last }) => ({ first: isoDate(first), last: isoDate(last) })),
  };
}
