import type { ReferenceSession } from '@streaks/testing/reference-fold';
import { type Pipeline, type PipelineOptions, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import type { Message } from 'kafkajs';
import { sendRaw } from '../../producers/raw-producer';
import { dailySession, toMessage } from '../../producers/session-factory';
import { checkExact, type ExpectedLetter } from './check-exact';
import { type LoadPlan, type RunningLoad, startLoad } from './load';
import { RECOVERY_LIMIT_MS, type RecoveryOptions, untilRecovered } from './recovery';
import type { Place } from './servers';

/** A pipeline with load, on which faults are played. */
export interface Stage extends Pipeline {
  /** Starts sessions that go on until `finish`. May be called again: the loads add up. */
  startLoad(plan: Omit<LoadPlan, 'seed' | 'name'>): RunningLoad;
  /** Sends records until they are acknowledged: they may be in the log more than once. */
  send(messages: readonly Message[]): Promise<void>;
  /** Sends sessions to a partition and notes them. */
  sendSessions(partition: number, sessions: readonly ReferenceSession[]): Promise<void>;
  /** Notes what a scenario sent by itself and expects to be applied. */
  note(sessions: readonly ReferenceSession[]): void;
  noteLetters(letters: readonly ExpectedLetter[]): void;
  /** Waits until all that is in the log now has gone through, and prints how long that took. */
  recover(after: string, options?: RecoveryOptions): Promise<number>;
  stopProcessors(): Promise<void>;
  /** Sends the rest of the load, waits until all of it has gone through, and holds everything against the reference. */
  finish(what?: 'everything' | 'stores'): Promise<void>;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly place: Place;
  readonly seed: number;
  readonly print: (line: string) => void;
  readonly pipeline: Partial<PipelineOptions>;
}

/** Time to go through what is left at the end; a fault has its own, shorter limit. */
const DRAIN_TIMEOUT_MS = 120_000;

export async function openStage({ place, seed, print, pipeline: options }: StageOptions): Promise<Stage> {
  const { addresses, replicationFactor } = place;
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
  const letters: ExpectedLetter[] = [];
  let probes = 0;
  let isClosed = false;

  const send = async (messages: readonly Message[]): Promise<void> => {
    await waitFor(() => sendRaw(pipeline.brokers, pipeline.topic, [...messages]), {
      description: 'records to be acknowledged',
      timeoutMs: RECOVERY_LIMIT_MS,
      intervalMs: 100,
    });
  };
  /**
   * A session to each partition, behind all that was sent before, and until it is applied: the load's producer may itself be
   * at a loss, and Kafka does not count what lies behind an open transaction.
   */
  const probe = async (timeoutMs: number): Promise<void> => {
    const sessions = Array.from({ length: pipeline.partitions }, (_, n) => dailySession(`probe-${n}`, probes));
    probes += 1;
    noted.push(...sessions);
    await send(sessions.map((session, partition) => ({ ...toMessage(session), partition })));
    await waitFor(
      async () => {
        const { rowCount } = await pipeline.pool.query('SELECT FROM focus_sessions WHERE session_id = ANY($1)', [
          sessions.map(({ sessionId }) => sessionId),
        ]);
        if (rowCount === sessions.length) return true;
        throw new Error(`${rowCount} of ${sessions.length} are`);
      },
      { description: 'a session of each partition to be applied', timeoutMs, intervalMs: 50 },
    );
  };

  return {
    ...pipeline,
    startLoad: (plan) => {
      const load = startLoad(pipeline, { ...plan, seed: seed + loads.length, name: `load${loads.length}` });
      loads.push(load);
      return load;
    },
    send,
    sendSessions: async (partition, sessions) => {
      noted.push(...sessions);
      await send(sessions.map((session) => ({ ...toMessage(session), partition })));
    },
    note: (sessions) => {
      noted.push(...sessions);
    },
    noteLetters: (expected) => {
      letters.push(...expected);
    },
    recover: async (after, recovery) => {
      const startedMs = performance.now();
      await probe(RECOVERY_LIMIT_MS);
      await untilRecovered(pipeline, recovery);
      const tookMs = performance.now() - startedMs;
      print(`  recovered ${(tookMs / 1_000).toFixed(1)} s after ${after}`);
      return tookMs;
    },
    stopProcessors: async () => {
      await Promise.all([...pipeline.processors].map((processor) => processor.stop()));
    },
    finish: async (what = 'everything') => {
      for (const load of loads) await load.finish();
      await probe(DRAIN_TIMEOUT_MS);
      await untilRecovered(pipeline, { timeoutMs: DRAIN_TIMEOUT_MS });
      const sessions = [...loads.flatMap(({ records }) => records), ...noted];
      await checkExact(pipeline, { sessions, letters, what, print });
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await Promise.all(loads.map((load) => load.abandon()));
      await pipeline.stop();
    },
  };
}
