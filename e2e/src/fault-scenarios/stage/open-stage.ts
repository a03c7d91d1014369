import type { ReferenceSession } from '@streaks/testing/reference-fold';
import { type Pipeline, type PipelineOptions, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { sendRaw } from '../../producers/raw-producer';
import { dailySession, toMessage } from '../../producers/session-factory';
import { checkExact } from './check-exact';
import { type LoadPlan, type RunningLoad, startLoad } from './load';
import { RECOVERY_LIMIT_MS, type RecoveryOptions, untilRecovered } from './recovery';
import type { Servers } from './servers';

/** A pipeline with load, on which faults are played. */
export interface Stage extends Pipeline {
  /** Starts sessions that go on until `finish`. May be called again: the loads add up. */
  startLoad(plan: Omit<LoadPlan, 'seed' | 'name'>): RunningLoad;
  /** Notes sessions that a scenario sent by itself. */
  note(sessions: readonly ReferenceSession[]): void;
  /** Waits until all that is in the log now has gone through, and prints how long that took. */
  recover(after: string, options?: RecoveryOptions): Promise<number>;
  /** Sends the rest of the load, waits until all of it has gone through, and holds everything against the reference. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly servers: Servers;
  readonly seed: number;
  readonly print: (line: string) => void;
  readonly pipeline: Partial<PipelineOptions>;
}

/** Time to go through what is left at the end; a fault has its own, shorter limit. */
const DRAIN_TIMEOUT_MS = 120_000;

export async function openStage({ servers, seed, print, pipeline: options }: StageOptions): Promise<Stage> {
  const { addresses, replicationFactor } = servers;
  const pipeline = await startPipeline({
    addresses,
    replicationFactor,
    partitions: 4,
    processors: 2,
    ...options,
    env: { SESSION_TIMEOUT_MS: '6000', ...options.env },
  });
  const loads: RunningLoad[] = [];
  const noted: ReferenceSession[] = [];
  let probes = 0;
  const probe = async (n: number): Promise<void> => {
    const sessions = Array.from({ length: pipeline.partitions }, (_, partition) =>
      dailySession(`probe-${partition}`, n),
    );
    noted.push(...sessions);
    const messages = sessions.map((session, partition) => ({ ...toMessage(session), partition }));
    await waitFor(() => sendRaw(pipeline.brokers, pipeline.topic, messages), {
      description: 'the probes to be acknowledged',
      timeoutMs: RECOVERY_LIMIT_MS,
      intervalMs: 100,
    });
  };
  let isClosed = false;
  return {
    ...pipeline,
    startLoad: (plan) => {
      const load = startLoad(pipeline, { ...plan, seed: seed + loads.length, name: `load${loads.length}` });
      loads.push(load);
      return load;
    },
    note: (sessions) => {
      noted.push(...sessions);
    },
    recover: async (after, recovery) => {
      const startedMs = performance.now();
      // The load's producer may itself be at a loss: a session to each partition makes sure that there is something to do.
      probes += 1;
      await probe(probes);
      await untilRecovered(pipeline, recovery);
      const tookMs = performance.now() - startedMs;
      print(`  recovered ${(tookMs / 1_000).toFixed(1)} s after ${after}`);
      return tookMs;
    },
    finish: async () => {
      for (const load of loads) await load.finish();
      await untilRecovered(pipeline, { timeoutMs: DRAIN_TIMEOUT_MS });
      const sessions = [...loads.flatMap(({ records }) => records), ...noted];
      await checkExact(pipeline, sessions, print);
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await Promise.all(loads.map((load) => load.abandon()));
      await pipeline.stop();
    },
  };
}
