import { ENGINE_STEPS, type EngineStep } from '@streaks/exactly-once/steps';
import { REEVALUATION_STEPS, type ReevaluationStep } from './reevaluation/reevaluation-steps';

/** Where a processor may meet a failpoint: the steps of its engines and those of the reevaluation of members. */
export const PROCESSOR_STEPS = [...ENGINE_STEPS, ...REEVALUATION_STEPS] as const;

export type ProcessorStep = EngineStep | ReevaluationStep;

/** Called at each step; a promise is waited for. */
export type OnProcessorStep = (step: ProcessorStep) => void | Promise<void>;

/** What a failpoint does to the process. */
export interface FailpointPorts {
  /** Must have written the line when it returns: the next thing may be the end of the process. */
  readonly writeLine: (line: string) => void;
  /** Sends a signal to the process itself. */
  readonly signal: (signal: 'SIGKILL' | 'SIGSTOP') => void;
  readonly wait: (ms: number) => Promise<void>;
}

/** The line that tells of a failpoint that was reached, as JSON. */
export interface FailpointReport {
  readonly event: 'failpoint_reached';
  readonly step: ProcessorStep;
  readonly hit: number;
  readonly action: string;
  /** What the step itself says is open: what other lanes or threads are in the middle of is not counted. */
  readonly postgresTransactionOpen: boolean;
  readonly kafkaTransactionOpen: boolean;
  /** How often each step was passed in this thread. */
  readonly hits: Readonly<Partial<Record<ProcessorStep, number>>>;
}

type Action =
  | { readonly kind: 'kill' | 'stop' }
  /** Of every hit from the named one on; the others act once. */
  | { readonly kind: 'delay'; readonly ms: number };

interface Failpoint {
  readonly step: ProcessorStep;
  readonly hit: number;
  readonly text: string;
  readonly action: Action;
}

const POSTGRES_TRANSACTION: ReadonlySet<ProcessorStep> = new Set<ProcessorStep>([
  'B3_LOCKED',
  'B4_APPLIED',
  'B5_NUMBERED',
  'B6_ADVANCED',
  'J1_TAKEN',
  'J2_LOCKED',
  'J3_RECOUNTED',
  'J4_NUMBERED',
]);
const KAFKA_TRANSACTION: ReadonlySet<ProcessorStep> = new Set<ProcessorStep>([
  'P1_OPENED',
  'P2_MARK_READ',
  'P3_TAKEN',
  'P4_SENT',
  'P5_MARK_SENT',
]);

/**
 * Failpoints of the fault suite, from a text of `STEP@hit:action` joined by commas: `B5_NUMBERED@37:kill` ends the process with SIGKILL
 * at the 37th hit of that step, `:stop` has it stand still (SIGSTOP), `:delay=500` holds it up from that hit on. Steps of the publication
 * are passed in its worker thread, which makes failpoints of its own from the same text. `undefined` for an empty text: then nothing is called.
 * @throws for a text that cannot be read
 */
export function createFailpoints(text: string, ports: FailpointPorts): OnProcessorStep | undefined {
  const failpoints = parseFailpoints(text);
  if (failpoints.length === 0) return undefined;
  const byStep = new Map<ProcessorStep, Failpoint[]>();
  for (const failpoint of failpoints) {
    byStep.set(failpoint.step, [...(byStep.get(failpoint.step) ?? []), failpoint]);
  }
  const hits = new Map<ProcessorStep, number>();
  return (step) => {
    const hit = (hits.get(step) ?? 0) + 1;
    hits.set(step, hit);
    let delayMs = 0;
    for (const failpoint of byStep.get(step) ?? []) {
      const { action } = failpoint;
      if (action.kind === 'delay') {
        if (hit >= failpoint.hit) delayMs += action.ms;
      } else if (hit === failpoint.hit) {
        ports.writeLine(JSON.stringify(report(failpoint, hits)));
        ports.signal(action.kind === 'kill' ? 'SIGKILL' : 'SIGSTOP');
      }
    }
    return delayMs === 0 ? undefined : ports.wait(delayMs);
  };
}

const report = ({ step, hit, text }: Failpoint, hits: ReadonlyMap<ProcessorStep, number>): FailpointReport => ({
  event: 'failpoint_reached',
  step,
  hit,
  action: text,
  postgresTransactionOpen: POSTGRES_TRANSACTION.has(step),
  kafkaTransactionOpen: KAFKA_TRANSACTION.has(step),
  hits: Object.fromEntries(hits),
});

/** @throws naming the part that cannot be read */
export function parseFailpoints(text: string): readonly Failpoint[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseFailpoint);
}

function parseFailpoint(text: string): Failpoint {
  const [, name, hitText, kind, msText] = /^(\w+)@(\d+):(kill|stop|delay)(?:=(\d+))?$/.exec(text) ?? [];
  const step = PROCESSOR_STEPS.find((known) => known === name);
  const hit = Number(hitText);
  const isDelay = kind === 'delay';
  if (step === undefined || hit < 1 || kind === undefined || isDelay !== (msText !== undefined)) {
    throw new Error(
      `"${text}" is no failpoint: STEP@hit:kill, STEP@hit:stop or STEP@hit:delay=<ms>, with STEP one of ${PROCESSOR_STEPS.join(', ')}`,
    );
  }
  const action: Action = isDelay ? { kind, ms: Number(msText) } : { kind: kind === 'kill' ? 'kill' : 'stop' };
  return { step, hit, text: isDelay ? `${kind}=${msText}` : kind, action };
}
