import type { DecodedRecord, SourceRecord } from '@streaks/exactly-once/projection';
import { headerText, kafkaHeaders } from '@streaks/shared/contracts/headers';
import type { OrganisationEvent } from '@streaks/shared/contracts/organisation-event-codec';
import { addChange, type StoredSettings } from '@streaks/shared/domain/settings/stored-settings';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import type { ClientBase } from 'pg';
import { recordTimeOf } from '../engines/decode-records';
import { addReevaluations, lockOrganisations, writeOrganisations } from './sql/organisation-rows';

type OrganisationRecord = DecodedRecord<OrganisationEvent>;

/** What became of the records of a transaction, by number. */
export interface OrganisationsOutcome {
  /** Of organisations whose settings the transaction changed. */
  readonly applied: number;
  /** Repeats, and what a later change had replaced already. */
  readonly unchanged: number;
  readonly keyMismatches: number;
}

/**
 * Adds changes of settings to the rows of their organisations, and for each that is not as it was before a job that evaluates
 * its members again. Who joins holds the row FOR SHARE until its COMMIT: it is a member that the job's pages meet, or it sees
 * what is written here.
 */
export async function applyOrganisations(
  client: ClientBase,
  records: readonly OrganisationRecord[],
): Promise<OrganisationsOutcome> {
  const byId = groupById(records);
  const ids = [...byId.keys()].sort(compareUtf8);
  const before = await lockOrganisations(client, ids);
  const after = ids.map((id, place) => fold(before[place] as StoredSettings, byId.get(id) ?? []));
  const changed = [...ids.keys()].filter((place) => after[place] !== before[place]);
  const ofChanged = (place: number) => byId.get(ids[place] as string) ?? [];
  if (changed.length > 0) {
    await writeOrganisations(
      client,
      changed.map((place) => ({ organisationId: ids[place] as string, settings: after[place] as StoredSettings })),
    );
    await addReevaluations(
      client,
      changed.map((place) => ({ organisationId: ids[place] as string, ...causeOf(ofChanged(place)) })),
    );
  }
  const applied = changed.reduce((sum, place) => sum + ofChanged(place).length, 0);
  return {
    applied,
    unchanged: records.length - applied,
    keyMismatches: records.filter(({ event }) => event.keyMismatch).length,
  };
}

function groupById(records: readonly OrganisationRecord[]): ReadonlyMap<string, readonly OrganisationRecord[]> {
  const byId = new Map<string, OrganisationRecord[]>();
  for (const record of records) {
    const known = byId.get(record.event.organisationId);
    if (known) known.push(record);
    else byId.set(record.event.organisationId, [record]);
  }
  return byId;
}

const fold = (settings: StoredSettings, records: readonly OrganisationRecord[]): StoredSettings =>
  records.reduce((known, { source, event }) => addChange(known, event.change, recordTimeOf(source)), settings);

/** The last of the records is named as the cause of what the evaluation changes. */
function causeOf(records: readonly OrganisationRecord[]) {
  const { source } = records.at(-1) as { readonly source: SourceRecord };
  return { source, requestId: headerText(source.headers, kafkaHeaders.requestId) ?? null };
}
