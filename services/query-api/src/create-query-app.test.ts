import { compareRoutes } from '@streaks/testing/openapi/compare-routes';
import request from 'supertest';
import { queryApiDocument } from './openapi';
import { createHarness } from './testing/query-app-harness';

it('answers a route that is none with 404', async () => {
  const { body } = await request(createHarness().app).get('/users/u').expect(404);
  expect(body.code).toBe('STREAKS_ROUTE_NOT_FOUND');
});

it('documents every route that it has, and has every route that it documents', () => {
  expect(compareRoutes(createHarness().app, queryApiDocument())).toEqual({ undocumented: [], unrouted: [] });
});
