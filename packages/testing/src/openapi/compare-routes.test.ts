import { createServiceDocument } from '@streaks/shared/http/openapi/openapi-routes';
import express from 'express';
import { compareRoutes } from './compare-routes';

describe('compareRoutes', () => {
  it('names the routes that only the app or only the document has', () => {
    const app = express();
    const answer: express.RequestHandler = (_request, response) => void response.end();
    app.get(['/health', '/health/ready'], answer);
    app.get(['/health/live', '/metrics', '/openapi.json', '/api/docs/start.js'], answer);
    app.post('/things/:id/parts', express.json(), answer);
    app.use('/elsewhere', answer);
    expect(compareRoutes(app, createServiceDocument({ title: 'Test', documents: [] }))).toEqual({
      undocumented: ['POST /things/{id}/parts'],
      unrouted: ['GET /api/docs'],
    });
  });
});
