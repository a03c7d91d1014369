import type { OpenApiDocument } from '@streaks/shared/http/openapi/openapi-document';
import { createServiceDocument } from '@streaks/shared/http/openapi/openapi-routes';
import { routeDocuments } from './route-documents';

/** The OpenAPI document of query-api. */
export function queryApiDocument(): OpenApiDocument {
  return createServiceDocument({
    title: 'Streaks: query-api',
    description: 'Streaks and what they are made of. Only reads: what is written goes to ingest.',
    documents: routeDocuments,
  });
}
