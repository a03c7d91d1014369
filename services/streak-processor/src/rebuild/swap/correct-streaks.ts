import type { ClientBase } from 'pg';
import { STREAKS_TO_CORRECT } from '../compare/find-suspects';
import { NIL_TOPIC_ID } from '../rebuild-input';

export interface CorrectionOptions {
  readonly generation: bigint;
  readonly runId: string;
  readonly shardOf: (userId: string) => number;
  /** Old months of the history are gone: a user without a row in it goes on from where the live row stands. */
  readonly isHistoryCut: boolean;
}

const PAGE = 2_000;

const FIGURES = `user_id, rule_id, version, current_after, longest_after, qualified_days_after, last_qualified_after`;

const ENDS_OF_HISTORY = `
  SELECT DISTINCT ON (user_id, rule_id) ${FIGURES}
  FROM public.streak_history WHERE (user_id, rule_id) IN (${STREAKS_TO_CORRECT})
  ORDER BY user_id, rule_id, version DESC`;

const LIVE_ROWS = `
  SELECT user_id, rule_id, version, current_run_length, longest_run_length, qualified_days_count, last_qualified_date
  FROM public.user_streaks`;

// The state of each user after the correction, and where their history ends now.
const corrections = (isHistoryCut: boolean): string => `
  CREATE TEMP TABLE corrections ON COMMIT DROP AS
  SELECT k.user_id, k.rule_id, row_number() OVER (ORDER BY k.user_id, k.rule_id) AS place,
         coalesce(f.runs, '{}') AS runs, f.timezone, coalesce(f.current_run_length, 0) AS current_run,
         coalesce(f.longest_run_length, 0) AS longest, f.last_qualified_date AS last_date,
         coalesce(f.qualified_days_count, 0) AS days, f.bridging, coalesce(f.is_unlisted, false) AS is_unlisted,
         f.expires_at, coalesce(f.updated_at, date_trunc('milliseconds', now())) AS updated_at,
         coalesce(h.version, 0) + 1 AS version, coalesce(h.current_after, 0) AS current_before,
         coalesce(h.longest_after, 0) AS longest_before, coalesce(h.qualified_days_after, 0) AS days_before,
         h.last_qualified_after AS last_before
  FROM (${STREAKS_TO_CORRECT}) k
  LEFT JOIN rebuild.user_streaks f ON f.user_id = k.user_id AND f.rule_id = k.rule_id
  LEFT JOIN (${ENDS_OF_HISTORY}) e ON e.user_id = k.user_id AND e.rule_id = k.rule_id
  LEFT JOIN (${LIVE_ROWS}) s ON s.user_id = k.user_id AND s.rule_id = k.rule_id AND e.user_id IS NULL AND ${isHistoryCut}
  CROSS JOIN LATERAL (
    SELECT coalesce(e.version, s.version) AS version, coalesce(e.current_after, s.current_run_length) AS current_after,
           coalesce(e.longest_after, s.longest_run_length) AS longest_after,
           coalesce(e.qualified_days_after, s.qualified_days_count) AS qualified_days_after,
           coalesce(e.last_qualified_after, s.last_qualified_date) AS last_qualified_after
  ) h`;

const APPEND = `
  INSERT INTO public.streak_history (shard, out_seq, user_id, rule_id, version, change_type, qualified_date, current_before,
    current_after, longest_before, longest_after, qualified_days_before, qualified_days_after, last_qualified_before,
    last_qualified_after, timezone, generation, topic_id, partition, "offset", request_id)
  SELECT n.shard, n.out_seq, c.user_id, c.rule_id, c.version, 'STREAK_REVISED', NULL, c.current_before, c.current_run,
    c.longest_before, c.longest, c.days_before, c.days, c.last_before, c.last_date, c.timezone, $1, '${NIL_TOPIC_ID}', 0, 0, $2
  FROM corrections c JOIN unnest($3::bigint[], $4::int[], $5::bigint[]) AS n(place, shard, out_seq) USING (place)`;

/** Columns of `user_streaks` that are written, and what each is in `corrections`. */
const WRITTEN: readonly (readonly [column: string, value: string])[] = [
  ['runs', 'runs'],
  ['current_run_length', 'current_run'],
  ['longest_run_length', 'longest'],
  ['last_qualified_date', 'last_date'],
  ['qualified_days_count', 'days'],
  ['timezone', 'timezone'],
  ['version', 'version'],
  ['updated_at', 'updated_at'],
  ['expires_at', 'expires_at'],
  ['bridging', 'bridging'],
  ['is_unlisted', 'is_unlisted'],
];

const WRITE = `
  INSERT INTO public.user_streaks (user_id, rule_id, ${WRITTEN.map(([column]) => column).join(', ')})
  SELECT user_id, rule_id, ${WRITTEN.map(([, value]) => value).join(', ')} FROM corrections ORDER BY user_id, rule_id
  ON CONFLICT (user_id, rule_id) DO UPDATE SET ${WRITTEN.map(([column]) => `${column} = excluded.${column}`).join(', ')}`;

const ADVANCE = `
  UPDATE public.outbox_shard o SET out_seq = m.out_seq
  FROM unnest($1::int[], $2::bigint[]) AS m(shard, out_seq) WHERE o.shard = m.shard AND o.out_seq <> m.out_seq`;

/**
 * Gives each state that is not the rebuilt one a STREAK_REVISED row that leads on from the end of its history, numbered
 * in the outbox like every change, and writes its row. Under the fence. Returns the number of states.
 */
export async function correctStreaks(client: ClientBase, options: CorrectionOptions): Promise<number> {
  await client.query(corrections(options.isHistoryCut));
  await client.query('ALTER TABLE corrections ADD PRIMARY KEY (place)');
  await client.query(WRITE);
  const shards = await client.query<{ shard: number; out_seq: string }>(
    'SELECT shard, out_seq FROM public.outbox_shard ORDER BY shard FOR UPDATE',
  );
  const numbers = new Map(shards.rows.map(({ shard, out_seq }) => [shard, BigInt(out_seq)]));
  let corrected = 0;
  for (;;) {
    const { rows } = await client.query<{ place: string; user_id: string }>(
      'SELECT place::text AS place, user_id FROM corrections c WHERE c.place > $1 ORDER BY c.place LIMIT $2',
      [corrected, PAGE],
    );
    if (rows.length === 0) break;
    const numbered = rows.map(({ place, user_id }) => {
      const shard = options.shardOf(user_id);
      const seq = (numbers.get(shard) ?? 0n) + 1n;
      numbers.set(shard, seq);
      return { place, shard, seq };
    });
    await client.query(APPEND, [
      options.generation.toString(),
      `rebuild-${options.runId}`,
      numbered.map(({ place }) => place),
      numbered.map(({ shard }) => shard),
      numbered.map(({ seq }) => seq.toString()),
    ]);
    corrected += rows.length;
  }
  if (corrected > 0) await client.query(ADVANCE, [[...numbers.keys()], [...numbers.values()].map(String)]);
  return corrected;
}
