import { Registry } from 'prom-client';
import request from 'supertest';
import { createLogger } from '../../observability/create-logger';
import { createHttpApp } from '../create-app';
import { createOpenApiRoutes, createServiceDocument } from './openapi-routes';

function createApp() {
  return createHttpApp({
    serviceName: 'test',
    logger: createLogger({ service: 'test', level: 'silent' }),
    registry: new Registry(),
    readiness: async () => ({ kafka: 'up' }),
    liveness: () => true,
    routes: (app) => createOpenApiRoutes(app, () => createServiceDocument({ title: 'A <test>', documents: [] })),
  });
}

describe('createOpenApiRoutes', () => {
  it('serves the document, with the routes that every service has', async () => {
    const { body, headers } = await request(createApp()).get('/openapi.json').expect(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(body).toMatchObject({ openapi: '3.1.1', info: { title: 'A <test>' } });
    expect(Object.keys(body.paths)).toEqual([
      '/health',
      '/health/ready',
      '/health/live',
      '/metrics',
      '/openapi.json',
      '/api/docs',
    ]);
  });

  it('serves a page whose scripts and styles all come from the service, as files', async () => {
    const app = createApp();
    const { text, headers } = await request(app).get('/api/docs').expect(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toMatch(/^default-src 'self';/);
    expect(headers['content-security-policy']).not.toMatch(/script-src|unsafe-eval|https?:/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(text).toContain('<title>A &#60;test&#62;</title>');
    expect(text).not.toMatch(/<script>|<style>| on\w+=|https?:/);
    const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
    const types = await Promise.all(files.map(async (path) => (await request(app).get(path).expect(200)).type));
    expect(types).toEqual(['image/png', 'text/css', 'text/javascript', 'text/javascript']);
  });

  it('answers 404 to other files and 405 to other methods', async () => {
    const app = createApp();
    await request(app).get('/api/docs/package.json').expect(404);
    await request(app).get('/api/docs/../package.json').expect(404);
    expect((await request(app).post('/api/docs').expect(405)).headers['allow']).toBe('GET, HEAD');
    await request(app).delete('/openapi.json').expect(405);
  });
});
