import { compareRoutes } from '@streaks/testing/openapi/compare-routes';
import request from 'supertest';
import { createTestApp } from './ingest-app.fixture';
import { ingestDocument } from './openapi';

describe('the OpenAPI document of ingest', () => {
  it('has every route of the app and no other', () => {
    expect(compareRoutes(createTestApp().app, ingestDocument())).toEqual({ undocumented: [], unrouted: [] });
  });

  it('asks for at least one setting, and for no more than the route does', async () => {
    const { body } = await request(createTestApp().app).get('/openapi.json');
    const { UserSettings, OrganisationSettings, StreakUpdate, CheckIn } = body.components.schemas;
    expect(UserSettings.required).toBeUndefined();
    expect(UserSettings.anyOf).toContainEqual({ required: ['leaderboardOptOut'] });
    expect(OrganisationSettings.anyOf).toHaveLength(3);
    expect([StreakUpdate.required, CheckIn.required]).toEqual([
      ['userId', 'timezone'],
      ['userId', 'timezone'],
    ]);
    expect(CheckIn.additionalProperties).toBe(false);
  });
});
