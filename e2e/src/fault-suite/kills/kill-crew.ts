import { setTimeout as delay } from 'node:timers/promises';
import type { SpawnedService } from '@streaks/testing/spawn-service';
import { type FailpointDeck, failpointText, type PlannedKill } from './failpoint-deck';
import type { KillLog } from './kill-log';

export interface KillCrewOptions {
  /** Processors at a time. */
  readonly size: number;
  /** Starts a processor with these failpoints and does not wait until it is ready. */
  readonly spawn: (failpoints: string) => Promise<SpawnedService>;
  readonly deck: FailpointDeck;
  readonly log: KillLog;
  /** No further kill is needed. */
  readonly isOver: () => boolean;
  /** A processor that did not reach its failpoint in this time is killed from outside. */
  readonly patienceMs: number;
  readonly onKilled: (service: SpawnedService, planned: PlannedKill) => void;
  /** A processor ended although nobody killed it. */
  readonly onUnexpectedEnd: (service: SpawnedService, detail: string) => void;
}

/** Unexpected ends in a row of one place in the crew after which it is given up: the run has failed by then. */
const MAX_UNEXPECTED = 5;

/** Keeps processors running, each with a failpoint that kills it, and replaces each as soon as it is dead. Resolves when it is over and all have ended. */
export async function runKillCrew(options: KillCrewOptions): Promise<void> {
  await Promise.all(Array.from({ length: options.size }, () => keepPlace(options)));
}

async function keepPlace(options: KillCrewOptions): Promise<void> {
  let unexpected = 0;
  while (!options.isOver() && unexpected < MAX_UNEXPECTED) {
    const planned = options.deck.next();
    const service = await options.spawn(failpointText(planned));
    const wasImpatient = await endOf(service, options);
    if (options.isOver() && wasImpatient) return;
    if (wasImpatient) options.log.addImpatient();
    const { code, signal } = await service.exited;
    options.onKilled(service, planned);
    if (signal === 'SIGKILL' && (options.log.add(service.output()) || wasImpatient)) {
      unexpected = 0;
      continue;
    }
    unexpected += 1;
    options.onUnexpectedEnd(service, `ended with code ${code}, signal ${signal} before ${failpointText(planned)}`);
  }
}

const LOOK_MS = 250;

/** Resolves when the process has ended: true when it had to be killed from outside. */
async function endOf(service: SpawnedService, { patienceMs, isOver }: KillCrewOptions): Promise<boolean> {
  const looks = Math.ceil(patienceMs / LOOK_MS);
  for (let look = 0; look < looks && !isOver(); look += 1) {
    const ended = await Promise.race([service.exited, delay(LOOK_MS)]);
    if (ended !== undefined) return false;
  }
  if (!service.running()) return false;
  await service.kill('SIGKILL');
  return true;
}
