import { setTimeout as delay } from 'node:timers/promises';
import type { Assignment } from '../assignment/assignment';
import type { OpenLogReader } from '../consumer/log-reader';
import type { Lanes } from './create-lanes';
import type { ConsumerKeeper } from './keep-consuming';
import type { Maintenance } from './maintenance';
import type { Outputs } from './outputs';

interface RunningParts {
  readonly assignment: Assignment;
  readonly lanes: Pick<Lanes<never>, 'close' | 'abandon'>;
  readonly maintenance: Maintenance;
  readonly keeper: ConsumerKeeper;
  readonly outputs: Pick<Outputs<never>, 'close'>;
  readonly log: OpenLogReader;
  readonly nowMs: () => number;
}

const LOG_CLOSE_MS = 5_000;

/** Stops the parts of an engine in their order. What hangs past the deadline is cut off: it was committed, or will be read again. */
export async function stopWithin(deadlineMs: number, parts: RunningParts): Promise<void> {
  const { assignment, lanes, maintenance, keeper, outputs, nowMs } = parts;
  const endsMs = nowMs() + deadlineMs;
  let giveUp: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    giveUp = setTimeout(() => {
      // A transaction that waits for a store that is away ends when its partitions are no longer ours, one that hangs
      // when its connection is cut.
      assignment.end();
      void lanes.abandon().finally(resolve);
    }, deadlineMs);
  });
  const orDeadline = (work: Promise<unknown>) => Promise.race([work, deadline]);
  const stopped = maintenance.stop(); // at the latest when Kafka's own timeouts end; nothing waits for it but the deadline
  const leaving = keeper.stop(); // batches that wait for room are abandoned
  await orDeadline(lanes.close());
  await orDeadline(Promise.all([leaving, stopped]));
  await outputs.close(Math.max(0, endsMs - nowMs()));
  clearTimeout(giveUp);
  assignment.end();
  await orDeadline(Promise.race([parts.log.close(), delay(LOG_CLOSE_MS, undefined, { ref: false })]));
}
