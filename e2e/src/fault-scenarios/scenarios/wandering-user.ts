import { waitFor } from '@streaks/testing/wait-for';
import { dailySession, toMessage } from '../../producers/session-factory';
import type { Scenario } from '../scenario';

const PARTITIONS = 12;
const SESSIONS = 600;
const A_SEND = 6;
const KILLS = 5;

export const wanderingUser: Scenario = {
  name: 'wandering-user',
  about: `one user's sessions alternate over ${PARTITIONS} partitions while processors are killed`,
  run: async ({ openStage, random }) => {
    const stage = await openStage({ partitions: PARTITIONS, processors: 3 });
    stage.startLoad({ records: 1_000, users: 100, durationMs: 60_000 });
    // Days in any order, so that runs are joined again and again and most sessions change the streak.
    const sessions = shuffle(
      Array.from({ length: SESSIONS }, (_, n) => dailySession('wanderer', n)),
      random,
    );
    for (let from = 0; from < SESSIONS; from += A_SEND) {
      const part = sessions.slice(from, from + A_SEND);
      await stage.send(
        part.map((session, index) => ({ ...toMessage(session), partition: (from + index) % PARTITIONS })),
      );
      stage.note(part);
      if ((from / A_SEND + 1) % Math.floor(SESSIONS / A_SEND / KILLS) !== 0) continue;
      const eldest = stage.processors[0];
      await Promise.all([eldest?.kill('SIGKILL'), stage.addProcessor()]);
    }
    await waitFor(() => stage.processors.length === 3, { description: 'three processors' });
    await stage.recover('the last of the kills');
    await stage.finish();
  },
};

function shuffle<T>(items: T[], random: () => number): T[] {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [items[last], items[other]];
    if (a === undefined || b === undefined) continue;
    items[last] = b;
    items[other] = a;
  }
  return items;
}
