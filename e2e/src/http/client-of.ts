import { createStreaksClient, type StreaksClient } from '@streaks/client/create-streaks-client';
import type { OpenApiDocument } from '@streaks/shared/http/openapi/openapi-document';
import { createCheckedFetch } from '@streaks/testing/openapi/checked-fetch';
import type { Pipeline } from '@streaks/testing/start-pipeline';

/** A client of the pipeline's services; a call rejects where the answer is not as the document says that the service serves. */
export async function clientOf({ ingest, queryApi }: Pick<Pipeline, 'ingest' | 'queryApi'>): Promise<StreaksClient> {
  if (ingest === undefined || queryApi === undefined) throw new Error('the pipeline needs ingest and query-api');
  const fetchFromIngest = await checkedFetchOf(ingest);
  const fetchFromQueryApi = await checkedFetchOf(queryApi);
  return createStreaksClient({
    ingestUrl: ingest.url,
    queryUrl: queryApi.url,
    fetch: (request) => (request.url.startsWith(`${ingest.url}/`) ? fetchFromIngest : fetchFromQueryApi)(request),
  });
}

async function checkedFetchOf({ url }: { readonly url: string }) {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument;
  return createCheckedFetch(document);
}
