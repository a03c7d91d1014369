import type { MediaTypes, OpenApiResponse, Operation, Parameter, Reference } from './openapi-document';
import { type ContentDocument, problemResponse, type ResponseDocument, type RouteDocument } from './route-document';
import type { Direction, NamedSchema, SchemaCollector } from './schema-collector';
import { requestIdParameter, sharedHeader } from './shared-headers';

/** Answers that every route can give. */
const everywhere: Readonly<Record<number, ResponseDocument>> = {
  500: problemResponse('`STREAKS_INTERNAL`: an unexpected error.'),
  503: problemResponse('`STREAKS_SHUTTING_DOWN`: another instance answers.'),
};

/** Answers of every route that takes parameters in its path. */
const withParams: Readonly<Record<number, ResponseDocument>> = {
  400: problemResponse('`STREAKS_MALFORMED_REQUEST`: the path is no percent encoding.'),
};

/** Answers of every route that reads a body. */
const withBody: Readonly<Record<number, ResponseDocument>> = {
  400: problemResponse('`STREAKS_MALFORMED_JSON`, or the body has faults.'),
  413: problemResponse('`STREAKS_BODY_TOO_LARGE`'),
  415: problemResponse('`STREAKS_UNSUPPORTED_MEDIA_TYPE`'),
};

/** Statuses whose answers say when to ask again. */
const toBeRepeated = new Set([429, 503]);

/** A route as OpenAPI tells it; shared schemas go to the collector. What the route says itself wins over what all have. */
export function describeOperation(document: RouteDocument, schemas: SchemaCollector): Operation {
  const { request = {}, description } = document;
  const params = namedSchemas(request.params, 'request');
  checkPathParameters(document.path, params);
  const responses = {
    ...everywhere,
    ...(params.length === 0 ? {} : withParams),
    ...(request.body === undefined ? {} : withBody),
    ...document.responses,
  };

  function namedSchemas(schema: ResponseDocument['headers'], direction: Direction): readonly NamedSchema[] {
    return schema === undefined ? [] : schemas.toNamedSchemas(schema, direction);
  }
  function content(types: ContentDocument, direction: Direction): MediaTypes {
    return Object.fromEntries(
      Object.entries(types).map(([type, schema]) => [type, { schema: schemas.toSchema(schema, direction) }]),
    );
  }
  function describeResponse(status: number, response: ResponseDocument): OpenApiResponse {
    const own = namedSchemas(response.headers, 'response').map(
      ({ name, isRequired, schema }) => [name, { ...withDescription(schema), required: isRequired }] as const,
    );
    return {
      description: response.description,
      headers: {
        'X-Request-Id': sharedHeader('X-Request-Id'),
        ...(toBeRepeated.has(status) ? { 'Retry-After': sharedHeader('Retry-After') } : {}),
        ...Object.fromEntries(own),
      },
      ...(response.content === undefined ? {} : { content: content(response.content, 'response') }),
    };
  }

  return {
    operationId: document.operationId,
    tags: [document.tag],
    summary: document.summary,
    ...(description === undefined ? {} : { description }),
    parameters: [
      ...params.map((named) => toParameter('path', named)),
      ...namedSchemas(request.query, 'request').map((named) => toParameter('query', named)),
      ...namedSchemas(request.headers, 'request').map((named) => toParameter('header', named)),
      requestIdParameter satisfies Reference,
    ],
    ...(request.body === undefined
      ? {}
      : { requestBody: { required: true, content: content(request.body, 'request') } }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [status, describeResponse(Number(status), response)]),
    ),
  };
}

function toParameter(place: Parameter['in'], { name, isRequired, schema }: NamedSchema): Parameter {
  return { name, in: place, ...(isRequired ? { required: true } : {}), ...withDescription(schema) };
}

/** Readers show the description of a parameter, not that of its schema. */
function withDescription({ description, ...schema }: NamedSchema['schema']): Pick<Parameter, 'description' | 'schema'> {
  return typeof description === 'string' ? { description, schema } : { schema };
}

function checkPathParameters(path: string, params: readonly NamedSchema[]): void {
  const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
  const described = params.map(({ name }) => name);
  if (inPath.length !== described.length || inPath.some((name) => !described.includes(name ?? ''))) {
    throw new Error(`${path}: its parameters are described as ${described.join(', ') || 'none'}`);
  }
}
