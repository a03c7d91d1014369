import type { ClientBase } from 'pg';
import { isHistoryCut } from '../../verify/history/is-history-cut';
import { settleConflicts } from '../fresh/conflicts';
import { catchUp, type FreshLogs, readTargets } from '../log/catch-up';
import { requireRow, setPhase } from '../schema/rebuild-schema';
import { SWAPPED_TABLES } from '../schema/rebuilt-tables';
import { correctStreaks } from './correct-streaks';
import { fence } from './fence';
import { forgetRemnants } from './forget-remnants';

/** Readers of the tables: only a long one holds up the swap, and then the appliers must not wait along. */
const TAKE_TABLES = `SET LOCAL lock_timeout = '5s'; LOCK TABLE ${SWAPPED_TABLES.map((table) => `public.${table}`).join(', ')} IN ACCESS EXCLUSIVE MODE`;
/** The connection is set up for look-ups by key; here whole tables are compared. */
const PLAN_FREELY = ['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_material']
  .map((name) => `SET LOCAL ${name} = on`)
  .join('; ');

export interface SwapOptions extends FreshLogs {
  readonly runId: string;
  readonly source: string;
  /** Who runs the command, for the audit. */
  readonly actor: string;
  readonly shardOf: (userId: string) => number;
  readonly nowMs: () => number;
  /** Tests stop or break the process there. */
  readonly onStep?: ((step: SwapStep) => void | Promise<void>) | undefined;
}

export type SwapStep = 'FENCED' | 'CAUGHT_UP' | 'CORRECTED' | 'RENAMED';

export interface Swapped {
  readonly generation: bigint;
  /** States of `user_streaks`. */
  readonly corrected: number;
  /** Rows of history and dead letters that an erasure had left. */
  readonly forgotten: number;
  /** How long appliers were held back, and for how much of it readers of the swapped tables. */
  readonly fencedMs: number;
  readonly readersMs: number;
}

/**
 * One transaction: fence, rest of the records, corrections of streaks, change of places, next generation. Either all of it
 * happened or nothing; a failure lets the appliers go on and may be repeated.
 */
export async function swap(client: ClientBase, options: SwapOptions): Promise<Swapped> {
  const { logs, nowMs, onStep } = options;
  await client.query('BEGIN');
  try {
    await fence(client);
    const fencedAtMs = nowMs();
    await onStep?.('FENCED');
    await catchUp(client, options, await readTargets(client, options), { isOpen: true });
    await settleConflicts(client, options.targets);
    await onStep?.('CAUGHT_UP');

    await client.query(PLAN_FREELY);
    const raised = await client.query<{ generation: string }>(
      'UPDATE public.projection_generation SET generation = generation + 1 RETURNING generation',
    );
    const generation = BigInt(requireRow(raised.rows).generation);
    const forgotten = await forgetRemnants(client);
    const corrected = await correctStreaks(client, {
      generation,
      runId: options.runId,
      shardOf: options.shardOf,
      isHistoryCut: await isHistoryCut(client),
    });
    await onStep?.('CORRECTED');

    await client.query(TAKE_TABLES);
    const heldAtMs = nowMs();
    await changePlaces(client);
    await client.query('INSERT INTO public.operator_audit (actor, command, arguments, after) VALUES ($1, $2, $3, $4)', [
      options.actor,
      'rebuild',
      JSON.stringify({ from: options.source, runId: options.runId }),
      JSON.stringify({ generation: String(generation), correctedStreaks: corrected, forgottenRows: forgotten }),
    ]);
    await setPhase(client, 'swapped');
    await onStep?.('RENAMED');
    await client.query('COMMIT');
    for (const { tail } of logs) tail.confirm();
    const endMs = nowMs();
    return { generation, corrected, forgotten, fencedMs: endMs - fencedAtMs, readersMs: endMs - heldAtMs };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined); // a broken connection rolls back by itself
    for (const { tail } of logs) tail.giveBack();
    throw error;
  }
}

async function changePlaces(client: ClientBase): Promise<void> {
  await client.query('CREATE SCHEMA rebuild_replaced');
  for (const table of SWAPPED_TABLES) {
    await client.query(`ALTER TABLE public.${table} SET SCHEMA rebuild_replaced`);
    await client.query(`ALTER TABLE rebuild.${table} SET SCHEMA public`);
  }
}
