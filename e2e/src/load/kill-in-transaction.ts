import type { SpawnedService } from '@streaks/testing/spawn-service';
import { waitFor } from '@streaks/testing/wait-for';
import type { Pool } from 'pg';

export interface KillOptions {
  /** As the superuser, who sees every connection. */
  readonly pool: Pool;
  readonly service: SpawnedService;
  /** `application_name` of all connections of that very process. */
  readonly applicationName: string;
  readonly timeoutMs?: number;
}

/**
 * SIGKILL while the process has a transaction open that has written, or locked, rows. To be sure of that the process is
 * stopped first and then looked at; if there is none it goes on, and another moment is tried. Returns false when time
 * ran out: the process is then killed all the same.
 */
export async function killInTransaction({
  pool,
  service,
  applicationName,
  timeoutMs = 10_000,
}: KillOptions): Promise<boolean> {
  const hasOpenTransaction = async (): Promise<boolean> => {
    const { rows } = await pool.query(
      `SELECT FROM pg_stat_activity
        WHERE application_name = $1 AND backend_xid IS NOT NULL AND state IN ('active', 'idle in transaction')
          AND query NOT ILIKE 'commit%' AND query NOT ILIKE 'rollback%'`,
      [applicationName],
    );
    return rows.length > 0;
  };
  let wasOpen = false;
  try {
    await waitFor(
      async () => {
        if (!(await hasOpenTransaction())) return false;
        process.kill(service.pid, 'SIGSTOP');
        // A statement on its way may still have ended the transaction: what counts is seen while it stands still.
        wasOpen = await hasOpenTransaction();
        if (!wasOpen) process.kill(service.pid, 'SIGCONT');
        return wasOpen;
      },
      { description: 'an open transaction', timeoutMs, intervalMs: 2 },
    );
  } catch {
    wasOpen = false;
  }
  await service.kill('SIGKILL');
  return wasOpen;
}
