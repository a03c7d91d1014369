import { z } from 'zod';
import { PROBLEM_MEDIA_TYPE, problemSchema } from './problem-schema';
import { jsonResponse, type ResponseDocument, type RouteDocument } from './route-document';

const tag = 'Operations';

const checkStateSchema = z.enum(['up', 'down', 'degraded']).meta({ id: 'CheckState' });

const readinessSchema = z
  .looseObject({
    status: z.enum(['up', 'down']),
    service: z.string(),
    checks: z.record(z.string(), checkStateSchema).meta({
      description: 'Each dependency by name. `degraded`: answers still come, by another way.',
    }),
    workers: z
      .object({ answering: z.int().min(0), expected: z.int().min(1) })
      .optional()
      .meta({ description: 'Processes of the service, where it has several' }),
  })
  .meta({ id: 'Readiness', description: 'With facts of the service, such as `tzdataVersion`.' });

const livenessSchema = z.object({ status: z.enum(['up', 'down']), service: z.string() }).meta({ id: 'Liveness' });

function notReady(description: string, schema: z.ZodType): ResponseDocument {
  return { description, content: { 'application/json': schema, [PROBLEM_MEDIA_TYPE]: problemSchema } };
}

function readinessRoute(path: string, operationId: string): RouteDocument {
  return {
    method: 'get',
    path,
    operationId,
    tag,
    summary: 'Whether the service can do its work',
    responses: {
      200: jsonResponse('It can.', readinessSchema),
      503: notReady('It cannot, or it is shutting down.', readinessSchema),
    },
  };
}

/** The routes that `createHttpApp` and `createOpenApiRoutes` give to every service. */
export const operationsDocuments: readonly RouteDocument[] = [
  readinessRoute('/health', 'getHealth'),
  readinessRoute('/health/ready', 'getReadiness'),
  {
    method: 'get',
    path: '/health/live',
    operationId: 'getLiveness',
    tag,
    summary: 'Whether the process makes progress',
    responses: {
      200: jsonResponse('It does.', livenessSchema),
      503: notReady('It does not and should be started again.', livenessSchema),
    },
  },
  {
    method: 'get',
    path: '/metrics',
    operationId: 'getMetrics',
    tag,
    summary: 'Figures for Prometheus',
    responses: { 200: { description: 'The text format of Prometheus.', content: { 'text/plain': z.string() } } },
  },
  {
    method: 'get',
    path: '/openapi.json',
    operationId: 'getOpenApiDocument',
    tag,
    summary: 'This document',
    responses: { 200: jsonResponse('OpenAPI 3.1.', z.looseObject({ openapi: z.string() })) },
  },
  {
    method: 'get',
    path: '/api/docs',
    operationId: 'getDocsPage',
    tag,
    summary: 'This document as a page: Swagger UI',
    responses: { 200: { description: 'A page.', content: { 'text/html': z.string() } } },
  },
];
