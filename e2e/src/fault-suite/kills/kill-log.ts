import { type FailpointReport, PROCESSOR_STEPS, type ProcessorStep } from '@streaks/streak-processor/failpoints';

/** What the kills of a run came to. */
export interface KillFigures {
  /** By SIGKILL at a failpoint. */
  readonly kills: number;
  /** Of these, at a step at which a batch (B1 to B7), a page of members (J1 to J4) or a Kafka transaction (P1 to P5) is open. */
  readonly withWorkOpen: number;
  /** Of these, inside a Postgres transaction. */
  readonly inPostgresTransaction: number;
  readonly inKafkaTransaction: number;
  /** Killed from outside, at no failpoint in particular, since theirs was not reached in time. */
  readonly impatient: number;
  /** Kills at each step; every step is there. */
  readonly hits: Readonly<Record<ProcessorStep, number>>;
  /** How often each step was passed by the threads that were killed at one. */
  readonly passes: Readonly<Record<ProcessorStep, number>>;
}

export interface KillLog {
  /** Takes the last words of a killed process. False: it reached no failpoint. */
  add(output: string): boolean;
  addImpatient(): void;
  figures(): KillFigures;
}

const BATCH_OPEN: ReadonlySet<ProcessorStep> = new Set<ProcessorStep>([
  'B1_RECEIVED',
  'B2_QUEUED',
  'B3_LOCKED',
  'B4_APPLIED',
  'B5_NUMBERED',
  'B6_ADVANCED',
  'B7_COMMITTED',
]);

export function createKillLog(): KillLog {
  const hits = zeros();
  const passes = zeros();
  let [kills, withWorkOpen, inPostgresTransaction, inKafkaTransaction, impatient] = [0, 0, 0, 0, 0];
  return {
    add(output) {
      const report = lastReport(output);
      if (report === undefined) return false;
      kills += 1;
      hits[report.step] += 1;
      if (report.postgresTransactionOpen) inPostgresTransaction += 1;
      if (report.kafkaTransactionOpen) inKafkaTransaction += 1;
      const isOpen = report.postgresTransactionOpen || report.kafkaTransactionOpen;
      if (isOpen || BATCH_OPEN.has(report.step)) withWorkOpen += 1;
      for (const step of PROCESSOR_STEPS) passes[step] += report.hits[step] ?? 0;
      return true;
    },
    addImpatient() {
      impatient += 1;
    },
    figures: () => ({
      kills,
      withWorkOpen,
      inPostgresTransaction,
      inKafkaTransaction,
      impatient,
      hits: { ...hits },
      passes: { ...passes },
    }),
  };
}

function zeros(): Record<ProcessorStep, number> {
  return Object.fromEntries(PROCESSOR_STEPS.map((step) => [step, 0])) as Record<ProcessorStep, number>;
}

const REPORT_START = '{"event":"failpoint_reached"';

/** Standard output and standard error meet in what was kept: the report may follow half a line. */
function lastReport(output: string): FailpointReport | undefined {
  const start = output.lastIndexOf(REPORT_START);
  if (start < 0) return undefined;
  const [line = ''] = output.slice(start).split('\n');
  return JSON.parse(line) as FailpointReport;
}
