import { ingestDocument } from '@streaks/ingest/openapi';
import { queryApiDocument } from '@streaks/query-api/openapi';
import type { OpenApiDocument } from '@streaks/shared/http/openapi/openapi-document';

/** Files of `src/generated`, and what each of them is made from. */
export const generatedFiles: Readonly<Record<string, () => OpenApiDocument>> = {
  'ingest-api.ts': ingestDocument,
  'query-api.ts': queryApiDocument,
};
