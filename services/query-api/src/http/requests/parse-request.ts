import { type ProblemFault, problem } from '@streaks/shared/errors/problem';
import type { RouteDocument } from '@streaks/shared/http/openapi/route-document';
import type { Request } from 'express';
import type { z } from 'zod';
import { toFaults } from './fault-text';

type SchemaOf<Document extends RouteDocument, Part extends 'params' | 'query' | 'headers'> =
  NonNullable<Document['request']> extends { readonly [Key in Part]: infer Schema extends z.ZodType }
    ? z.output<Schema>
    : undefined;

type BodyOf<Document extends RouteDocument> =
  NonNullable<Document['request']> extends {
    readonly body: { readonly 'application/json': infer Schema extends z.ZodType };
  }
    ? z.output<Schema>
    : undefined;

/** What a request gives by the schemas of its route's document; a part that the document does not have is undefined. */
export interface RequestOf<Document extends RouteDocument> {
  readonly params: SchemaOf<Document, 'params'>;
  readonly query: SchemaOf<Document, 'query'>;
  readonly headers: SchemaOf<Document, 'headers'>;
  readonly body: BodyOf<Document>;
}

/**
 * A parser of the requests of a route: the schemas that document it also judge it. It names every fault of path, query,
 * headers and body at once.
 *
 * The parser throws {HttpProblem} 400 with the faults, 415 where a JSON body is asked for and none was read.
 */
export function createRequestParser<Document extends RouteDocument>(
  document: Document,
): (request: Request) => RequestOf<Document> {
  const { params, query, headers, body } = document.request ?? {};
  const jsonBody = body?.['application/json'];

  return function parseRequest(request) {
    const faults: ProblemFault[] = [];
    function read(schema: z.ZodType | undefined, value: unknown): unknown {
      const result = schema?.safeParse(value);
      if (result?.success === false) {
        faults.push(...toFaults(result.error));
      }
      return result?.data;
    }
    if (jsonBody !== undefined && request.body === undefined) {
      throw problem({ code: 'STREAKS_UNSUPPORTED_MEDIA_TYPE', detail: 'send a body of content type application/json' });
    }
    const parsed = {
      params: read(params, request.params),
      query: query === undefined ? undefined : read(query, request.query),
      headers: read(headers, headers === undefined ? undefined : namedHeaders(headers, request)),
      body: read(jsonBody, request.body),
    };
    if (faults.length > 0) {
      throw problem({ code: 'STREAKS_INVALID_REQUEST', errors: faults });
    }
    return parsed as RequestOf<Document>;
  };
}

/** Headers by the spelling of the document; Node.js has their names in lower case. */
function namedHeaders(schema: z.ZodObject, request: Request): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.keys(schema.shape).map((name) => [name, request.get(name)]));
}
