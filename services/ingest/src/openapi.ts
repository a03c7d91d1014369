import { createServiceDocument } from '@streaks/shared/http/openapi/openapi-routes';
import { routeDocuments } from './route-documents';

/** The OpenAPI document of ingest. */
export function ingestDocument() {
  return createServiceDocument({
    title: 'Streaks: ingest',
    description:
      'Takes events and publishes them to Kafka. An accepted event is safe; repeating a request never counts twice.',
    documents: routeDocuments,
  });
}
