import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';

/** Measures how long the partitions of a killed processor stay without an owner that lives. */
export interface RecoveryWatch {
  killed(pid: number): void;
  /** Milliseconds from each kill to the moment when the last of its partitions was claimed by another, ascending. */
  recoveriesMs(): readonly number[];
  stop(): Promise<void>;
}

const POLL_MS = 100;

/** Reads from `partition_progress` who owns what; an owner's name begins with the number of its process. */
export function watchRecovery(pool: Pool, topic: string, nowMs: () => number): RecoveryWatch {
  const killedAt = new Map<number, number>();
  const owning = new Set<number>();
  const recoveries: number[] = [];
  const stopping = new AbortController();

  const look = async (): Promise<void> => {
    const watched = new Set(killedAt.keys());
    const { rows } = await pool.query<{ owner: string }>(
      'SELECT DISTINCT owner FROM partition_progress WHERE topic = $1',
      [topic],
    );
    const owners = new Set(rows.map(({ owner }) => Number.parseInt(owner, 10)));
    for (const pid of watched) {
      if (owners.has(pid)) {
        owning.add(pid);
        continue;
      }
      // Who owned nothing when it was killed was missed by nobody.
      if (owning.delete(pid)) recoveries.push(nowMs() - (killedAt.get(pid) ?? nowMs()));
      killedAt.delete(pid);
    }
  };
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await look().catch(() => undefined);
      await delay(POLL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();

  return {
    killed: (pid) => killedAt.set(pid, nowMs()),
    recoveriesMs: () => [...recoveries].sort((a, b) => a - b),
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
