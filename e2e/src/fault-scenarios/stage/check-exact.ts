import type { ReferenceSession } from '@streaks/testing/reference-fold';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { stateFaults } from '../../state/state-faults';

/** Throws with what is wrong: everything that was sent is there exactly once, in Postgres, Redis and the output topics. */
export async function checkExact(
  pipeline: Pipeline,
  sessions: readonly ReferenceSession[],
  print: (line: string) => void,
): Promise<void> {
  const faults = await stateFaults(pipeline, sessions);
  print(`  ${sessions.length} records checked: ${faults.length === 0 ? 'exact' : `${faults.length} faults`}`);
  if (faults.length > 0) throw new Error(faults.join('\n'));
}
