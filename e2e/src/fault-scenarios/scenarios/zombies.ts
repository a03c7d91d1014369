import { readFileSync } from 'node:fs';
import type { EngineStep } from '@streaks/exactly-once/steps';
import { waitFor } from '@streaks/testing/wait-for';
import { readMetric } from '../../http/read-metric';
import type { Scenario, ScenarioContext } from '../scenario';
import { expectSameProcesses } from './brokers';

/** Where a processor is stopped, and what tells it that it was replaced when it goes on. */
export interface Stop {
  readonly step: EngineStep;
  readonly fencedBy: 'epoch' | 'producer';
}

const STOPS: readonly Stop[] = [
  { step: 'B2_QUEUED', fencedBy: 'epoch' },
  { step: 'B3_LOCKED', fencedBy: 'epoch' },
  { step: 'B6_ADVANCED', fencedBy: 'epoch' },
  { step: 'P4_SENT', fencedBy: 'producer' },
  { step: 'P5_MARK_SENT', fencedBy: 'producer' },
];

export const zombies: Scenario = {
  name: 'zombies',
  about: 'SIGSTOP inside a batch and inside a Kafka transaction until another has taken over, then SIGCONT',
  run: async (context) => {
    for (const stop of STOPS) await stopAt(context, stop);
  },
};

export async function stopAt(
  { openStage, print }: Pick<ScenarioContext, 'openStage' | 'print'>,
  { step, fencedBy }: Stop,
  records = 1_500,
): Promise<void> {
  const stage = await openStage({ processors: 0 });
  const zombie = await stage.addProcessor({ env: { FAILPOINTS: `${step}@5:stop` } });
  stage.startLoad({ records, users: records / 8, durationMs: records * 40 });
  await waitFor(() => isStopped(zombie.pid), { description: `the processor to stop at ${step}`, timeoutMs: 30_000 });
  await stage.addProcessor();
  await stage.recover(`the stop at ${step}`);
  process.kill(zombie.pid, 'SIGCONT');
  await stage.recover('it went on');
  if (fencedBy === 'epoch') {
    const fences = await waitFor(() => readMetric(zombie, 'streaks_processor_fences_total'), {
      description: 'the processor to find itself fenced',
    });
    print(`  fenced by the epoch: ${fences} times`);
  } else {
    await waitFor(() => /INVALID_PRODUCER_EPOCH|PRODUCER_FENCED|old epoch/.test(zombie.output()), {
      description: 'the old producer to be refused',
    });
    print('  the old producer was refused');
  }
  await stage.finish();
  expectSameProcesses(stage, 2);
  await stage.close();
}

/** The state that Linux shows after the name, which may hold anything, in brackets. */
function isStopped(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}
