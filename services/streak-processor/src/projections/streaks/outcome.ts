import type { Verdict } from './additive/store-events';
import type { CorrectionVerdict } from './corrections/plan-corrections';
import type { EventReply } from './streak-change';

/** Events by what became of them. Of duplicates and of what came too late nothing is stored; conflicts are among the rejected records too. */
export type VerdictCounts = Readonly<Record<Verdict, number>>;

export type CorrectionKind = 'retraction' | 'settings' | 'erasure';
export type CorrectionCounts = Readonly<Record<CorrectionKind, Readonly<Record<CorrectionVerdict, number>>>>;

/** What one transaction did with its events. */
export interface StreaksOutcome {
  readonly sessions: VerdictCounts;
  readonly checkIns: VerdictCounts;
  readonly corrections: CorrectionCounts;
  /** Days that events took over their target, of both rules. */
  readonly daysQualified: number;
  /** Records whose key was not their event's user. */
  readonly keyMismatches: number;
  readonly replies: readonly EventReply[];
  /** To be called once the transaction has committed: what this connection may recall from then on. */
  readonly remember: () => void;
}

export function countVerdicts(verdicts: readonly Verdict[]): VerdictCounts {
  const counts: Record<Verdict, number> = { stored: 0, duplicate: 0, conflict: 0, erased: 0, retracted: 0 };
  for (const verdict of verdicts) counts[verdict] += 1;
  return counts;
}

export function countCorrections(
  records: readonly { readonly event: { readonly kind: CorrectionKind } }[],
  verdicts: readonly CorrectionVerdict[],
): CorrectionCounts {
  const zeros = () => ({ processed: 0, duplicate: 0, erased: 0 });
  const counts = { retraction: zeros(), settings: zeros(), erasure: zeros() };
  for (const [place, { event }] of records.entries()) counts[event.kind][verdicts[place] as CorrectionVerdict] += 1;
  return counts;
}
