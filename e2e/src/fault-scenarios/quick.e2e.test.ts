import { stackAddresses } from '@streaks/testing/stack-addresses';
import { createRandom } from '../load/random';
import { loseKafkaReplies } from './scenarios/lost-replies';
import { overwriteMarks, republish } from './scenarios/output-positions';
import { stopAt } from './scenarios/zombies';
import { openStage, type Stage } from './stage/open-stage';

jest.setTimeout(90_000);

const SEED = 11;

/** The scenarios that need no servers of their own, each as short as it can be. All of them: `npm run test:faults -- --scenario all`. */
describe('fault scenarios', () => {
  const place = { addresses: stackAddresses(), replicationFactor: 1 };
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const stages: Stage[] = [];
  const context = {
    print,
    random: createRandom(SEED),
    addresses: place.addresses,
    openStage: async (pipeline = {}): Promise<Stage> => {
      const env = { SESSION_TIMEOUT_MS: '2000' };
      const stage = await openStage({ place, seed: SEED, print, pipeline: { ...pipeline, env } });
      stages.push(stage);
      return stage;
    },
  };
  afterEach(async () => {
    for (const stage of stages.splice(0)) await stage.close();
  });

  it('a processor stopped inside a Kafka transaction, replaced, and going on: its producer is refused', async () => {
    await stopAt(context, { step: 'P5_MARK_SENT', fencedBy: 'producer' }, 200);
  });

  it('a processor stopped with a batch at hand, replaced, and going on: its epoch is fenced', async () => {
    await stopAt(context, { step: 'B2_QUEUED', fencedBy: 'epoch' }, 200);
  });

  it('requests to Kafka and replies from it are lost, of each kind that matters', async () => {
    await loseKafkaReplies(context, { records: 600, durationMs: 15_000, leastLosses: 1 });
  });

  it("offsets in the place of the publication's marks are not believed", async () => {
    await overwriteMarks(context.openStage, { records: 200, users: 40, durationMs: 8_000 });
  });

  it('Postgres restored from an older copy halts the publication, and republish cures it', async () => {
    await republish(context, place.addresses, { records: 200, users: 40, durationMs: 8_000 });
  });
});
