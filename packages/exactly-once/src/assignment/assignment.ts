import type { Queryable } from '../sql/progress';
import { findClearedHalts, writeHalt } from '../sql/progress';
import type { OnEngineStep } from '../steps';
import { claimPartition, type Watermarks } from './claim-partition';
import type { HaltReason, OwnedPartition, PartitionState } from './owned-partition';

/** What the assignment asks of Kafka; one object per consumer. */
export interface PartitionControl {
  pause(partitions: readonly number[]): void;
  /** Moves the fetch position and lets the partition be fetched again. */
  resumeAt(partition: number, offset: bigint): void;
}

export interface LogReader {
  readTopicId(): Promise<string>;
  readWatermarks(): Promise<ReadonlyMap<number, Watermarks>>;
}

export interface AssignmentOptions {
  readonly topic: string;
  readonly owner: string;
  readonly store: Queryable;
  readonly log: LogReader;
  readonly wait: (ms: number) => Promise<void>;
  readonly jitter: () => number;
  readonly nowMs: () => number;
  readonly onChange: (partitions: ReadonlyMap<number, PartitionState>) => void;
  readonly onClaimError: (partition: number, error: unknown) => void;
  readonly onHalt: (partition: number, reason: HaltReason, detail: string) => void;
  readonly onStep?: OnEngineStep | undefined;
}

export interface Assignment {
  /** Everything owned before is over. Synchronous: no record of the new assignment may come before it returns. */
  begin(partitions: readonly number[], control: PartitionControl): void;
  /** Nothing is owned any more: the consumer is gone. */
  end(): void;
  /** Sends the consumer to an offset of a partition that stays ours. */
  seek(partition: number, offset: bigint): void;
  /** The claimed partition, while it is current. */
  active(partition: number): OwnedPartition | undefined;
  /** A fence was lost, or the position is in doubt: claims the partition anew while it is still assigned to us. */
  reclaim(owned: OwnedPartition): void;
  halt(owned: OwnedPartition, reason: HaltReason, detail: string): void;
  /** Claims those halted partitions again whose reason an operator has cleared. @throws when Postgres is away */
  resumeCleared(): Promise<void>;
  states(): ReadonlyMap<number, PartitionState>;
}

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 3_000;

export function createAssignment(options: AssignmentOptions): Assignment {
  let token = 0;
  let states = new Map<number, PartitionState>();
  let control: PartitionControl | undefined;

  const set = (partition: number, state: PartitionState) => {
    states.set(partition, state);
    options.onChange(states);
  };

  const claim = async (partition: number, mine: number): Promise<void> => {
    for (let failures = 0; mine === token; failures++) {
      try {
        await claimOnce(partition, mine);
        return;
      } catch (error) {
        options.onClaimError(partition, error);
        await options.wait(
          Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(failures, 5)) * (0.5 + options.jitter()),
        );
      }
    }
  };

  const claimOnce = async (partition: number, mine: number): Promise<void> => {
    const { topic, owner, store, log, onStep } = options;
    const topicId = await log.readTopicId();
    const readWatermarks = async () => {
      const found = (await log.readWatermarks()).get(partition);
      if (!found) throw new Error(`no watermarks of ${topic}/${partition}`);
      return found;
    };
    const result = await claimPartition(store, { topic, partition, owner, topicId, readWatermarks, onStep });
    await onStep?.('A4_JUDGED');
    if (mine !== token) return; // the row has our epoch, but a newer claim of ours or another's raises it again
    if (result.kind === 'halt') {
      await writeHalt(store, { topic, partition, ...result });
      if (mine !== token) return;
      set(partition, { kind: 'halted', reason: result.reason, detail: result.detail, isRecorded: true });
      options.onHalt(partition, result.reason, result.detail);
      return;
    }
    if (result.wasHalted) await writeHalt(store, { topic, partition, epoch: result.epoch, reason: null, detail: null });
    if (mine !== token) return;
    const owned = createOwned(partition, topicId, result.epoch, result.nextOffset, options.nowMs());
    set(partition, { kind: 'active', owned });
    control?.resumeAt(partition, result.nextOffset);
    await onStep?.('A5_RESUMED');
  };

  const release = (owned: OwnedPartition): boolean => {
    const state = states.get(owned.partition);
    const wasCurrent = owned.isCurrent && state?.kind === 'active' && state.owned === owned;
    owned.isCurrent = false;
    return wasCurrent;
  };

  const recordHalt = async (
    halt: { partition: number; epoch: bigint; reason: HaltReason; detail: string },
    mine: number,
  ): Promise<void> => {
    const { partition, reason, detail } = halt;
    while (mine === token) {
      try {
        await writeHalt(options.store, { topic: options.topic, ...halt });
        if (mine === token) set(partition, { kind: 'halted', reason, detail, isRecorded: true });
        return;
      } catch (error) {
        options.onClaimError(partition, error);
        await options.wait(RETRY_MAX_MS);
      }
    }
  };

  const endAll = () => {
    token++;
    for (const state of states.values()) if (state.kind === 'active') state.owned.isCurrent = false;
    states = new Map();
    control = undefined;
  };

  return {
    begin(partitions, newControl) {
      endAll();
      control = newControl;
      control.pause(partitions);
      states = new Map(partitions.map((partition) => [partition, { kind: 'claiming' }]));
      options.onChange(states);
      void options.onStep?.('A0_ASSIGNED'); // not waited for: nothing may be put off before the claims are under way
      for (const partition of partitions) void claim(partition, token);
    },
    end() {
      endAll();
      options.onChange(states);
    },
    seek(partition, offset) {
      control?.resumeAt(partition, offset);
    },
    active(partition) {
      const state = states.get(partition);
      return state?.kind === 'active' && state.owned.isCurrent ? state.owned : undefined;
    },
    reclaim(owned) {
      if (!release(owned)) return;
      const mine = token;
      control?.pause([owned.partition]);
      set(owned.partition, { kind: 'lost' });
      // With jitter: the other owner may be in the middle of finding out that it is none.
      void options.wait(50 + options.jitter() * 200).then(() => claim(owned.partition, mine));
    },
    halt(owned, reason, detail) {
      if (!release(owned)) return;
      control?.pause([owned.partition]);
      set(owned.partition, { kind: 'halted', reason, detail, isRecorded: false });
      options.onHalt(owned.partition, reason, detail);
      void recordHalt({ partition: owned.partition, epoch: owned.epoch, reason, detail }, token);
    },
    async resumeCleared() {
      const recorded = [...states].flatMap(([p, state]) => (state.kind === 'halted' && state.isRecorded ? [p] : []));
      if (recorded.length === 0) return;
      const mine = token;
      const cleared = await findClearedHalts(options.store, options.topic, recorded);
      for (const partition of cleared) {
        if (mine !== token) return;
        set(partition, { kind: 'claiming' });
        void claim(partition, mine);
      }
    },
    states: () => states,
  };
}

function createOwned(partition: number, topicId: string, epoch: bigint, offset: bigint, nowMs: number): OwnedPartition {
  return {
    partition,
    topicId,
    epoch,
    fetchCursor: offset,
    appliedOffset: offset,
    pendingRecords: 0,
    refusedInARow: 0,
    lastMovedMs: nowMs,
    lastAppliedTimestampMs: undefined,
    isCurrent: true,
  };
}
