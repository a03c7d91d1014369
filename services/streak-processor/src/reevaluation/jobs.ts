import type { ClientBase } from 'pg';
import type { RecountCause } from '../projections/streaks/corrections/recount-users';

/** The members of an organisation that still have to be evaluated after a change of its settings. */
export interface Reevaluation {
  readonly id: string;
  readonly organisationId: string;
  /** The members up to this one, by bytes, are done; before the first one it is empty. */
  readonly afterUserId: string;
  readonly cause: RecountCause;
  /** A later change of the same organisation, visible here, has a job of its own that has all of these members before it. */
  readonly isCovered: boolean;
}

interface JobRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly after_user_id: string;
  readonly topic_id: string;
  readonly partition: number;
  readonly offset: string;
  readonly record_ms: string;
  readonly request_id: string | null;
  readonly is_covered: boolean;
}

/** The oldest job that nobody works, locked; none of those put aside. */
export async function takeJob(client: ClientBase, putAside: readonly string[]): Promise<Reevaluation | undefined> {
  const { rows } = await client.query<JobRow>(
    `SELECT r.id, r.organisation_id, r.after_user_id, r.topic_id, r.partition, r."offset",
            extract(epoch FROM r.record_time) * 1000 AS record_ms, r.request_id,
            EXISTS (SELECT FROM reevaluations y WHERE y.organisation_id = r.organisation_id AND y.id > r.id
                    AND y.after_user_id <= r.after_user_id) AS is_covered
     FROM reevaluations r WHERE r.id <> ALL($1::bigint[]) ORDER BY r.id LIMIT 1 FOR UPDATE OF r SKIP LOCKED`,
    [putAside],
  );
  const [row] = rows;
  return (
    row && {
      id: row.id,
      organisationId: row.organisation_id,
      afterUserId: row.after_user_id,
      cause: {
        topicId: row.topic_id,
        partition: row.partition,
        offset: BigInt(row.offset),
        recordTimeMs: Number(row.record_ms),
        requestId: row.request_id,
      },
      isCovered: row.is_covered,
    }
  );
}

/** The next members of the job's organisation, ascending by bytes. */
export async function readMembers(
  client: ClientBase,
  { organisationId, afterUserId }: Reevaluation,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ user_id: string }>(
    `SELECT user_id FROM organisation_members WHERE organisation_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3`,
    [organisationId, afterUserId, limit],
  );
  return rows.map(({ user_id }) => user_id);
}

export async function moveCursor(client: ClientBase, { id }: Reevaluation, afterUserId: string): Promise<void> {
  await client.query('UPDATE reevaluations SET after_user_id = $2 WHERE id = $1', [id, afterUserId]);
}

export async function deleteJob(client: ClientBase, { id }: Reevaluation): Promise<void> {
  await client.query('DELETE FROM reevaluations WHERE id = $1', [id]);
}

/** Jobs that wait or are worked, of all processors. */
export async function countJobs(client: Pick<ClientBase, 'query'>): Promise<number> {
  const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM reevaluations');
  return rows[0]?.count ?? 0;
}
