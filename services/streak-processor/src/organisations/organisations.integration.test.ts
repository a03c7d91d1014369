import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import type { DecodedRecord } from '@streaks/exactly-once/projection';
import type { OrganisationEvent } from '@streaks/shared/contracts/organisation-event-codec';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { SettingsChange } from '@streaks/shared/domain/settings/settings-change';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Pool } from 'pg';
import { applyOrganisations } from './apply-organisations';

const START_MS = Date.UTC(2026, 10, 21);

let database: TestDatabase;
let lanes: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  lanes = new Pool({ connectionString: database.url, max: 2, options: laneConnectionOptions });
}, 60_000);
beforeEach(() => database.pool.query('TRUNCATE organisations, reevaluations'));
afterAll(async () => {
  await lanes.end();
  await database.drop();
});

let offset = 0n;

function record(organisationId: string, change: Partial<SettingsChange>): DecodedRecord<OrganisationEvent> {
  offset += 1n;
  return {
    source: {
      topic: 'organisation-events',
      topicId: '5f0c1a52-9b1e-4a7d-8a86-0d1b2c3d4e5f',
      partition: 3,
      offset,
      timestampMs: START_MS,
      key: null,
      value: null,
      headers: { 'x-request-id': `request-${change.changeId}` },
    },
    event: {
      kind: 'organisation-settings',
      organisationId,
      change: { changeId: 'c1', changedAtMs: START_MS, effectiveFrom: 20_000 as LocalDay, ...change },
      keyMismatch: false,
    },
  };
}

async function apply(...records: DecodedRecord<OrganisationEvent>[]) {
  const client = await lanes.connect();
  try {
    await client.query('BEGIN');
    const outcome = await applyOrganisations(client, records);
    await client.query('COMMIT');
    return outcome;
  } finally {
    client.release();
  }
}

const jobs = async () =>
  (
    await database.pool.query(
      'SELECT organisation_id, partition, "offset"::int, request_id, record_time FROM reevaluations ORDER BY id',
    )
  ).rows;

describe('settings of organisations', () => {
  it('make a job each time that something changed, named after the last record of the batch, and none for a repeat', async () => {
    const freeze = record('acme', { changeId: 'c1', freeze: { earnEvery: 7, cap: 2 } });
    const target = record('acme', { changeId: 'c2', dailyTargetSeconds: 600 });
    expect(await apply(freeze, target)).toEqual({ applied: 2, unchanged: 0, keyMismatches: 0 });
    const job = {
      organisation_id: 'acme',
      partition: 3,
      offset: Number(target.source.offset),
      request_id: 'request-c2',
      record_time: new Date(START_MS),
    };
    expect(await jobs()).toEqual([job]);
    expect(await apply(target, freeze)).toEqual({ applied: 0, unchanged: 2, keyMismatches: 0 });
    expect(await jobs()).toEqual([job]);
    const earlier = record('acme', { changeId: 'c0', changedAtMs: START_MS - 1, dailyTargetSeconds: 60 });
    const other = record('zebra', { changeId: 'c3', dailyCheckInTarget: 2 });
    expect(await apply(earlier, other)).toEqual({ applied: 1, unchanged: 1, keyMismatches: 0 });
    expect((await jobs()).map(({ organisation_id }) => organisation_id)).toEqual(['acme', 'zebra']);
  });

  it('of one organisation from two owners at once are both kept', async () => {
    const ids = Array.from({ length: 20 }, (_, place) => `o${place}`);
    const ofFocus = ids.map((id) => record(id, { changeId: 'focus', dailyTargetSeconds: 600 }));
    const ofCheckIns = ids.map((id) => record(id, { changeId: 'check-ins', dailyCheckInTarget: 3 })).reverse();
    await Promise.all([apply(...ofFocus), apply(...ofCheckIns)]);
    const { rows } = await database.pool.query(
      `SELECT count(*)::int AS organisations FROM organisations
       WHERE settings #>> '{dailyTargetSeconds,0,value}' = '600' AND settings #>> '{dailyCheckInTarget,0,value}' = '3'`,
    );
    expect(rows).toEqual([{ organisations: 20 }]);
    expect(await jobs()).toHaveLength(40);
  });
});
