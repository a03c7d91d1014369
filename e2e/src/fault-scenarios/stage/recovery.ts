import { withAdmin } from '@streaks/testing/fresh-topic';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';

type Watched = Pick<Pipeline, 'pool' | 'brokers' | 'topic'>;

/** The stores that a change goes to once it is committed, by the marks that say how far each is. */
export type Outlet = 'published_seq' | 'projected_seq';

export interface RecoveryOptions {
  readonly timeoutMs?: number;
  /** Default: both. */
  readonly outlets?: readonly Outlet[];
}

/** What the issue allows after any fault that needs no operator. */
export const RECOVERY_LIMIT_MS = 60_000;

/**
 * Waits until all that is in the log now was applied, and what that changed has reached Kafka and Redis, while more keeps
 * coming. Resolves with the milliseconds that took: the recovery time when called at the end of a fault.
 */
export async function untilRecovered(watched: Watched, options: RecoveryOptions = {}): Promise<number> {
  const { timeoutMs = RECOVERY_LIMIT_MS, outlets = ['published_seq', 'projected_seq'] } = options;
  const startedMs = performance.now();
  const leftMs = (): number => Math.max(timeoutMs - (performance.now() - startedMs), 1);
  const ends = await waitFor(() => readEnds(watched), { description: 'Kafka to tell the ends', timeoutMs });
  await waitFor(
    async () => {
      const rest = behind(ends, await readPositions(watched));
      if (rest === '') return true;
      throw new Error(rest);
    },
    { description: 'what is in the log to be applied', timeoutMs: leftMs(), intervalMs: 50 },
  );
  const numbers = await waitFor(() => readMarks(watched, 'out_seq'), {
    description: 'Postgres to tell the last numbers',
    timeoutMs: leftMs(),
  });
  for (const outlet of outlets) {
    await waitFor(
      async () => {
        const rest = behind(numbers, await readMarks(watched, outlet));
        if (rest === '') return true;
        throw new Error(rest);
      },
      { description: `every shard to reach its number in ${outlet}`, timeoutMs: leftMs(), intervalMs: 50 },
    );
  }
  return Math.round(performance.now() - startedMs);
}

async function readEnds({ brokers, topic }: Watched): Promise<Map<number, number>> {
  const ends = await withAdmin(brokers, (admin) => admin.fetchTopicOffsets(topic));
  return new Map(ends.map(({ partition, high }) => [partition, Number(high)]));
}

async function readPositions({ pool, topic }: Watched): Promise<Map<number, number>> {
  const { rows } = await pool.query<{ partition: number; next_offset: string }>(
    'SELECT partition, next_offset FROM partition_progress WHERE topic = $1',
    [topic],
  );
  return new Map(rows.map((row) => [row.partition, Number(row.next_offset)]));
}

async function readMarks({ pool }: Watched, column: Outlet | 'out_seq'): Promise<Map<number, number>> {
  const { rows } = await pool.query<{ shard: number; mark: string }>(
    `SELECT shard, ${column} AS mark FROM outbox_shard`,
  );
  return new Map(rows.map(({ shard, mark }) => [shard, Number(mark)]));
}

function behind(wanted: ReadonlyMap<number, number>, reached: ReadonlyMap<number, number>): string {
  const late = [...wanted].filter(([place, number]) => (reached.get(place) ?? 0) < number);
  return late.map(([place, number]) => `${place}: ${reached.get(place) ?? 0} of ${number}`).join(', ');
}
