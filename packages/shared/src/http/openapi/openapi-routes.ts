import { dirname } from 'node:path';
import type { Express } from 'express';
import { createOpenApiDocument, type OpenApiOptions } from './create-openapi-document';
import type { OpenApiDocument } from './openapi-document';
import { operationsDocuments } from './operations-documents';
import { DOCS_PATH, DOCS_SECURITY_POLICY, docsFiles, docsPage, docsScript } from './swagger-page';

/** Of the HTTP interfaces, as `info.version` says it: raised with a change that clients notice. */
export const API_VERSION = '0.1.0';

/** The document of a service: its own routes, and those that every service has. */
export function createServiceDocument(options: Omit<OpenApiOptions, 'version'>): OpenApiDocument {
  return createOpenApiDocument({
    ...options,
    version: API_VERSION,
    documents: [...options.documents, ...operationsDocuments],
  });
}

/**
 * `/openapi.json`, and Swagger UI at `/api/docs`. Directly on the app, so that another method is answered 405. `document` is
 * called by the first request that needs it: a process that nobody asks saves the work.
 */
export function createOpenApiRoutes(app: Express, document: () => OpenApiDocument): void {
  let made: { readonly text: string; readonly title: string } | undefined;
  function read() {
    if (made === undefined) {
      const content = document();
      made = { text: JSON.stringify(content), title: content.info.title };
    }
    return made;
  }

  app.get('/openapi.json', (_request, response) => {
    response.type('application/json').send(read().text);
  });
  app.get(DOCS_PATH, (_request, response) => {
    response.setHeader('Content-Security-Policy', DOCS_SECURITY_POLICY);
    response.type('text/html').send(docsPage(read().title));
  });
  app.get(`${DOCS_PATH}/start.js`, (_request, response) => {
    response.type('text/javascript').send(docsScript);
  });
  const root = dirname(require.resolve('swagger-ui-dist/package.json'));
  for (const name of docsFiles) {
    app.get(`${DOCS_PATH}/${name}`, (_request, response) => response.sendFile(name, { root }));
  }
}
