import { textArray } from '@streaks/exactly-once/binary/array-parameters';
import type { SourceRecord } from '@streaks/exactly-once/projection';
import type { StoredSettings } from '@streaks/shared/domain/settings/stored-settings';
import type { ClientBase } from 'pg';
import { recordTimeOf } from '../../engines/decode-records';

const INSERT_MISSING = `
  INSERT INTO organisations (organisation_id)
  SELECT k.id FROM unnest($1::text[]) WITH ORDINALITY AS k(id, ord) ORDER BY k.ord ON CONFLICT DO NOTHING`;

// One look-up and lock per organisation in the order of the array, whatever the planner believes of the table's size.
const LOCK = `
  SELECT o.settings FROM unnest($1::text[]) WITH ORDINALITY AS k(id, ord)
  CROSS JOIN LATERAL (SELECT settings FROM organisations WHERE organisation_id = k.id FOR UPDATE) AS o`;

/**
 * The settings of organisations, sorted by the bytes of their ids, whose rows are locked in that order; one that is not known
 * yet gets a row. Locked by a *separate* statement: one that waited for another's row still looks at the data from before.
 */
export async function lockOrganisations(
  client: ClientBase,
  organisationIds: readonly string[],
): Promise<readonly StoredSettings[]> {
  const values = [textArray(organisationIds)];
  await client.query({ name: 'organisations_insert', text: INSERT_MISSING, values });
  const { rows } = await client.query<{ settings: StoredSettings }>({ name: 'organisations_lock', text: LOCK, values });
  if (rows.length !== organisationIds.length) throw new Error('rows of organisations are missing');
  return rows.map(({ settings }) => settings);
}

/** Writes over rows that are locked. */
export async function writeOrganisations(
  client: ClientBase,
  organisations: readonly { readonly organisationId: string; readonly settings: StoredSettings }[],
): Promise<void> {
  await client.query({
    name: 'organisations_update',
    text: `UPDATE organisations o SET settings = k.settings
           FROM unnest($1::text[], $2::jsonb[]) AS k(id, settings) WHERE o.organisation_id = k.id`,
    values: [
      textArray(organisations.map(({ organisationId }) => organisationId)),
      organisations.map(({ settings }) => JSON.stringify(settings)),
    ],
  });
}

export interface NewReevaluation {
  readonly organisationId: string;
  /** The record that caused it. */
  readonly source: SourceRecord;
  readonly requestId: string | null;
}

export async function addReevaluations(client: ClientBase, jobs: readonly NewReevaluation[]): Promise<void> {
  await client.query({
    name: 'reevaluations_insert',
    text: `INSERT INTO reevaluations (organisation_id, topic_id, partition, "offset", record_time, request_id)
           SELECT * FROM unnest($1::text[], $2::uuid[], $3::int[], $4::bigint[], $5::timestamptz[], $6::text[])`,
    values: [
      jobs.map(({ organisationId }) => organisationId),
      jobs.map(({ source }) => source.topicId),
      jobs.map(({ source }) => source.partition),
      jobs.map(({ source }) => String(source.offset)),
      jobs.map(({ source }) => new Date(recordTimeOf(source))),
      jobs.map(({ requestId }) => requestId),
    ],
  });
}
