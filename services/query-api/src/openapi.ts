import { createServiceDocument } from '@streaks/shared/http/openapi/openapi-routes';

/** The OpenAPI document of query-api. */
export function queryApiDocument() {
  return createServiceDocument({
    title: 'Streaks: query-api',
    description: 'Streaks and what they are made of. Only reads: what is written goes to ingest.',
    documents: [],
  });
}
