import type { PartitionState } from '../assignment/owned-partition';
import type { EngineMetrics } from '../metrics';
import { createOwnSeries } from './own-series';

export type PartitionStates = ReadonlyMap<number, PartitionState>;

/** Shows how many partitions of a topic are in which state, and the halted ones by reason. */
export function createStateGauges(metrics: EngineMetrics, topic: string): (states: PartitionStates) => void {
  const showAssigned = createOwnSeries(metrics.assigned);
  const showHalted = createOwnSeries(metrics.halted);
  return (states) => {
    const assigned = new Map<string, number>();
    const halted = new Map<string, number>();
    for (const state of states.values()) {
      count(assigned, state.kind);
      if (state.kind === 'halted') count(halted, state.reason);
    }
    showAssigned([...assigned].map(([state, value]) => ({ labels: { topic, state }, value })));
    showHalted([...halted].map(([reason, value]) => ({ labels: { topic, reason }, value })));
  };
}

const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);

/**
 * Shard s is worked by the process that partition s modulo their number is assigned to, whatever the partition's state: its
 * rows come from all partitions, and a halted one must not keep those of the others from the sink. Two workers for a moment
 * do no harm.
 */
export function shardsOf(states: PartitionStates, shardCount: number, partitions: number): number[] {
  const shards = Array.from({ length: shardCount }, (_, shard) => shard);
  return partitions === 0 ? [] : shards.filter((shard) => states.has(shard % partitions));
}
