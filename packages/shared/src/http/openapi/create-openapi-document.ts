import { describeOperation } from './describe-operation';
import type { OpenApiDocument, Operation } from './openapi-document';
import type { RouteDocument } from './route-document';
import { createSchemaCollector } from './schema-collector';
import { sharedHeaders, sharedParameters } from './shared-headers';

export interface OpenApiOptions {
  readonly title: string;
  /** Of the API: see `API_VERSION`. */
  readonly version: string;
  /** CommonMark. */
  readonly description?: string;
  /** Where the API is served; by default where the document came from. */
  readonly servers?: readonly { readonly url: string; readonly description?: string }[];
  readonly documents: readonly RouteDocument[];
}

/**
 * The OpenAPI 3.1 document of a service, from the zod schemas that also validate. Plain data: nothing in it is shared with
 * what it was made of.
 *
 * @throws Error when two routes have the same method and path or the same `operationId`, when the parameters of a path are
 * not those in its braces, or when a schema cannot be said in JSON Schema.
 */
export function createOpenApiDocument(options: OpenApiOptions): OpenApiDocument {
  const { title, version, description, servers = [{ url: '/' }], documents } = options;
  const schemas = createSchemaCollector();
  const paths: Record<string, Record<string, Operation>> = {};
  const operationIds = new Set<string>();
  for (const document of documents) {
    const name = `${document.method} ${document.path}`;
    paths[document.path] ??= {};
    const path = paths[document.path] as Record<string, Operation>;
    if (path[document.method] !== undefined) throw new Error(`${name} is documented twice`);
    if (operationIds.has(document.operationId)) throw new Error(`${name}: ${document.operationId} is taken`);
    operationIds.add(document.operationId);
    path[document.method] = describeOperation(document, schemas);
  }
  return {
    openapi: '3.1.1',
    info: { title, version, ...(description === undefined ? {} : { description }) },
    servers,
    tags: [...new Set(documents.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: { schemas: schemas.shared(), parameters: sharedParameters, headers: sharedHeaders },
  };
}
