import type { PipelineOptions } from '@streaks/testing/start-pipeline';
import type { Stage } from './stage/open-stage';
import type { Servers } from './stage/servers';

export interface ScenarioOptions {
  readonly servers: Servers;
  readonly seed: number;
  /** Of the soak. */
  readonly minutes: number;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What a scenario needs to open a stage of its own, as often as it likes; each is closed by the runner. */
export interface ScenarioContext extends ScenarioOptions {
  readonly random: () => number;
  readonly openStage: (options?: Partial<PipelineOptions>) => Promise<Stage>;
}

/** A fault, with load, on the real processes. Throws when anything was lost, duplicated or wrong, or did not recover by itself. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly run: (context: ScenarioContext) => Promise<void>;
}
