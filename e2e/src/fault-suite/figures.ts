import { ENGINE_STEPS } from '@streaks/exactly-once/steps';
import { PROCESSOR_STEPS } from '@streaks/streak-processor/failpoints';
import { REEVALUATION_STEPS } from '@streaks/streak-processor/reevaluation/reevaluation-steps';
import type { CollectedRun } from './check/collected-run';
import type { FaultCounts } from './check/fault';
import type { KillFigures } from './kills/kill-log';

export interface PublishedFigures {
  /** Changes in Postgres. */
  readonly stored: number;
  readonly readers: readonly { readonly reader: string; readonly records: number; readonly eventIds: number }[];
}

export function publishedFigures({ history, published }: CollectedRun): PublishedFigures {
  const readers = Object.entries(published.changes).map(([reader, changes]) => ({
    reader,
    records: changes.length,
    eventIds: new Set(changes.map(({ eventId }) => eventId)).size,
  }));
  return { stored: history.length, readers };
}

/** What a run came to; written to a file as it is. */
export interface SuiteFigures extends KillFigures, FaultCounts {
  readonly seed: number;
  readonly events: number;
  /** Of the input: acknowledgements that did not come. */
  readonly resentChunks: number;
  /** What read_committed readers found in `streak-changes`. */
  readonly published: PublishedFigures;
  /** Processors that ended although nobody killed them. */
  readonly unexpectedEnds: number;
  /** From each kill to the moment when all partitions of the killed had another owner, ascending. */
  readonly recoveriesMs: readonly number[];
  /** How long processors were being killed. */
  readonly killSeconds: number;
  readonly totalSeconds: number;
}

/** `share` of 1: the greatest. */
function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] ?? 0;
}

/** The one line of a run. */
export function figuresLine(figures: SuiteFigures): string {
  const seconds = (share: number): string => (percentile(figures.recoveriesMs, share) / 1_000).toFixed(1);
  return [
    `seed=${figures.seed}`,
    `events=${figures.events}`,
    `kills=${figures.kills}`,
    `withWorkOpen=${figures.withWorkOpen}`,
    ...(figures.impatient === 0 ? [] : [`killedFromOutside=${figures.impatient}`]),
    `inPostgresTransaction=${figures.inPostgresTransaction}`,
    `inKafkaTransaction=${figures.inKafkaTransaction}`,
    `lost=${figures.lost}`,
    `duplicated=${figures.duplicated}`,
    `wrong=${figures.wrong}`,
    `recovery p50=${seconds(0.5)}s p95=${seconds(0.95)}s max=${seconds(1)}s`,
    `killing=${Math.round(figures.killSeconds)}s`,
    `total=${Math.round(figures.totalSeconds)}s`,
  ].join(' ');
}

/** A line for what each reader of `streak-changes` found. */
export function publishedLines({ stored, readers }: PublishedFigures): string[] {
  return readers.map(
    ({ reader, records, eventIds }) =>
      `streak-changes, read_committed by ${reader}: ${records} records, ${eventIds} event ids, ${stored} changes in Postgres`,
  );
}

/** Kills at each step, and how often the killed had passed it. */
export function failpointTable(figures: Pick<KillFigures, 'hits' | 'passes'>): string[] {
  return [
    `${'failpoint'.padEnd(18)}${'kills'.padStart(7)}${'passed'.padStart(9)}`,
    ...PROCESSOR_STEPS.map(
      (step) => step.padEnd(18) + String(figures.hits[step]).padStart(7) + String(figures.passes[step]).padStart(9),
    ),
  ];
}

/** Steps at which no process was killed. Few processes ever meet a page of members: its steps count together. */
export function stepsNotHit(figures: Pick<KillFigures, 'hits'>): string[] {
  const isPageHit = REEVALUATION_STEPS.some((step) => figures.hits[step] > 0);
  return [
    ...ENGINE_STEPS.filter((step) => figures.hits[step] === 0),
    ...(isPageHit ? [] : [`any of ${REEVALUATION_STEPS.join(', ')}`]),
  ];
}
