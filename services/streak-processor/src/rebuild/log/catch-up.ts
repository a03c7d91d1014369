import type { DefaultTargets } from '@streaks/shared/domain/rules';
import type { ClientBase } from 'pg';
import { applyToFresh } from '../fresh/apply-to-fresh';
import { evaluateFreshMembers } from '../fresh/evaluate-fresh-members';
import type { RebuildInput } from '../rebuild-input';
import { distance, isReached, type Positions, readLivePositions, readRebuildPositions } from '../schema/positions';
import type { LogTail } from './log-tail';

/** An input with its records, from where the rebuild is. */
export interface FreshLog {
  readonly input: RebuildInput;
  readonly tail: LogTail;
}

/** What the fresh tables are made from; logs in the order of their replay. */
export interface FreshLogs {
  readonly logs: readonly FreshLog[];
  readonly targets: DefaultTargets;
}

/** Positions by topic. */
export type Targets = ReadonlyMap<string, Positions>;

const BATCH_RECORDS = 10_000;

/** Where the processors are. */
export async function readTargets(client: Pick<ClientBase, 'query'>, { logs }: FreshLogs): Promise<Targets> {
  const targets = new Map<string, Positions>();
  for (const { input } of logs) targets.set(input.topic, await readLivePositions(client, input.topic));
  return targets;
}

/** Records between the fresh tables and the targets. */
export async function countLeft(client: ClientBase, { logs }: FreshLogs, targets: Targets): Promise<number> {
  let left = 0;
  for (const { input } of logs) {
    left += distance(await readRebuildPositions(client, input.topic), targets.get(input.topic) ?? new Map());
  }
  return left;
}

/** Applies what lies between the fresh tables and the targets: one log after the other. */
export async function catchUp(
  client: ClientBase,
  { logs, targets: dayTargets }: FreshLogs,
  targets: Targets,
  options: { readonly isOpen: boolean },
  onApplied: (records: number, unusable: number) => void = () => undefined,
): Promise<void> {
  for (const { input, tail } of logs) {
    const target = targets.get(input.topic) ?? new Map();
    for (let reached = await readRebuildPositions(client, input.topic); !isReached(reached, target); ) {
      const taken = await tail.take(target, BATCH_RECORDS);
      const counts = await applyToFresh(client, input, taken, options);
      if (!options.isOpen) tail.confirm();
      onApplied(counts.records, counts.unusable);
      reached = taken.positions;
    }
    await evaluateFreshMembers(client, dayTargets, options);
  }
}
