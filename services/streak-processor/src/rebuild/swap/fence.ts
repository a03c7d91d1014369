import type { ClientBase } from 'pg';

/** Waits for the appliers' open transactions: they end within fifteen seconds, whatever becomes of their process. */
const FENCE = `SET LOCAL lock_timeout = '20s'; LOCK TABLE public.partition_progress IN EXCLUSIVE MODE`;

/**
 * Holds back every applier, of any topic, and every evaluation of members until the transaction of the client ends. From here on
 * the live positions stand still. A lock of the table, not of its rows: a partition claimed for the first time has no row yet.
 */
export async function fence(client: ClientBase): Promise<void> {
  await client.query(FENCE);
}
