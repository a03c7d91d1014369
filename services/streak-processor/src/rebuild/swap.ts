import type { ClientBase } from 'pg';
import type { StreaksProjection } from '../projections/streaks/create-streaks-projection';
import { correctStreaks } from './correct-streaks';
import { applyToFresh, settleConflicts } from './fresh-tables';
import { isReached, type LogTail } from './log-tail';
import { type Positions, readLivePositions, readRebuildPositions, requireRow, setPhase } from './rebuild-schema';

/** Waits for the appliers' open transactions: they end within fifteen seconds, whatever becomes of their process. */
const FENCE = `SET LOCAL lock_timeout = '20s'; LOCK TABLE public.partition_progress IN EXCLUSIVE MODE`;
/** Readers of the tables: only a long one holds up the swap, and then the appliers must not wait along. */
const TAKE_TABLES = `SET LOCAL lock_timeout = '5s'; LOCK TABLE public.focus_sessions, public.daily_totals IN ACCESS EXCLUSIVE MODE`;
/** The connection is set up for look-ups by key; here whole tables are compared. */
const PLAN_FREELY = ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_material']
  .map((name) => `SET LOCAL ${name} = on`)
  .join('; ');
const SWAPPED_TABLES = ['focus_sessions', 'daily_totals'] as const;
const BATCH_RECORDS = 10_000;

export interface FreshLog {
  readonly topic: string;
  readonly projection: StreaksProjection;
  readonly tail: LogTail;
  readonly targetMs: number;
}

export interface SwapOptions extends FreshLog {
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
  readonly corrected: number;
  /** How long appliers were held back, and for how much of it readers of the two tables. */
  readonly fencedMs: number;
  readonly readersMs: number;
}

/**
 * Holds back every applier until the transaction of the client ends. From here on the live positions stand still.
 * A lock of the table, not of its rows: a partition claimed for the first time has no row yet.
 */
export async function fence(client: ClientBase): Promise<void> {
  await client.query(FENCE);
}

/** Applies what lies between the fresh tables and the targets. Returns the number of records. */
export async function catchUp(
  client: ClientBase,
  { projection, tail }: FreshLog,
  targets: Positions,
  options: { readonly isOpen: boolean },
  onApplied: (records: number, unusable: number) => void = () => undefined,
): Promise<void> {
  for (let reached = await readRebuildPositions(client); !isReached(reached, targets); ) {
    const taken = await tail.take(targets, BATCH_RECORDS);
    const counts = await applyToFresh(client, projection, taken, options);
    if (!options.isOpen) tail.confirm();
    onApplied(counts.records, counts.unusable);
    reached = taken.positions;
  }
}

/**
 * One transaction: fence, rest of the records, corrections of streaks, change of places, next generation. Either all of it
 * happened or nothing; a failure lets the appliers go on and may be repeated.
 */
export async function swap(client: ClientBase, options: SwapOptions): Promise<Swapped> {
  const { topic, tail, nowMs, onStep } = options;
  await client.query('BEGIN');
  try {
    await fence(client);
    const fencedAtMs = nowMs();
    await onStep?.('FENCED');
    await catchUp(client, options, await readLivePositions(client, topic), { isOpen: true });
    await settleConflicts(client, options.targetMs);
    await onStep?.('CAUGHT_UP');

    await client.query(PLAN_FREELY);
    const generation = BigInt(
      requireRow(
        (
          await client.query<{ generation: string }>(
            'UPDATE public.projection_generation SET generation = generation + 1 RETURNING generation',
          )
        ).rows,
      ).generation,
    );
    const corrected = await correctStreaks(client, { generation, runId: options.runId, shardOf: options.shardOf });
    await onStep?.('CORRECTED');

    await client.query(TAKE_TABLES);
    const heldAtMs = nowMs();
    await client.query('CREATE SCHEMA rebuild_replaced');
    for (const table of SWAPPED_TABLES) {
      await client.query(`ALTER TABLE public.${table} SET SCHEMA rebuild_replaced`);
      await client.query(`ALTER TABLE rebuild.${table} SET SCHEMA public`);
    }
    await client.query('INSERT INTO public.operator_audit (actor, command, arguments, after) VALUES ($1, $2, $3, $4)', [
      options.actor,
      'rebuild',
      JSON.stringify({ from: options.source, runId: options.runId }),
      JSON.stringify({ generation: String(generation), correctedStreaks: corrected }),
    ]);
    await setPhase(client, 'swapped');
    await onStep?.('RENAMED');
    await client.query('COMMIT');
    tail.confirm();
    const endMs = nowMs();
    return { generation, corrected, fencedMs: endMs - fencedAtMs, readersMs: endMs - heldAtMs };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined); // a broken connection rolls back by itself
    tail.giveBack();
    throw error;
  }
}
