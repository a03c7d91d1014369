import { z } from 'zod';
import { createOpenApiDocument } from './create-openapi-document';
import {
  jsonBody,
  jsonResponse,
  jsonText,
  problemResponse,
  type RouteDocument,
  retryAfterHeader,
} from './route-document';

const thing = z.object({ id: z.string(), size: z.int().min(1).optional() }).meta({ id: 'Thing' });

const getThing: RouteDocument = {
  method: 'get',
  path: '/things/{id}',
  operationId: 'getThing',
  tag: 'things',
  summary: 'One thing',
  request: {
    params: z.object({ id: z.string().meta({ description: 'Its id' }) }),
    query: z.object({ at: z.iso.date().optional().meta({ example: '2025-01-15' }) }),
  },
  responses: { 200: jsonResponse('It.', thing), 404: problemResponse('None.', { headers: retryAfterHeader }) },
};

const postThing: RouteDocument = {
  method: 'post',
  path: '/things',
  operationId: 'postThing',
  tag: 'things',
  summary: 'A new thing',
  request: { body: jsonBody(z.strictObject({ things: z.array(thing), days: z.string().transform(Number) })) },
  responses: { 202: { description: 'Taken.' }, 400: problemResponse('None taken.', { members: { count: z.int() } }) },
};

function describeRoutes(...documents: readonly RouteDocument[]) {
  return createOpenApiDocument({ title: 'Things', version: '1', documents });
}

describe('createOpenApiDocument', () => {
  it('tells parameters, bodies and answers of a route, with what every route has', () => {
    const { openapi, servers, tags, paths } = describeRoutes(getThing, postThing);
    expect({ openapi, servers, tags }).toEqual({
      openapi: '3.1.1',
      servers: [{ url: '/' }],
      tags: [{ name: 'things' }],
    });
    const operation = paths['/things/{id}']?.['get'];
    expect(operation?.parameters).toEqual([
      { name: 'id', in: 'path', required: true, description: 'Its id', schema: { type: 'string' } },
      { name: 'at', in: 'query', schema: { type: 'string', format: 'date', examples: ['2025-01-15'] } },
      { $ref: '#/components/parameters/RequestId' },
    ]);
    expect(Object.keys(operation?.responses ?? {})).toEqual(['200', '400', '404', '500', '503']);
    expect(operation?.responses['200']).toEqual({
      description: 'It.',
      headers: { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } },
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } },
    });
    expect(operation?.responses['404']?.headers).toMatchObject({ 'Retry-After': { required: true } });
    expect(operation?.responses['503']?.headers).toMatchObject({
      'Retry-After': { $ref: '#/components/headers/Retry-After' },
    });
    expect(Object.keys(paths['/things']?.['post']?.responses ?? {})).toEqual([
      '202',
      '400',
      '413',
      '415',
      '500',
      '503',
    ]);
  });

  it('says what a client sends, not what becomes of it', () => {
    const body = describeRoutes(postThing).paths['/things']?.['post']?.requestBody;
    expect(body).toEqual({
      required: true,
      content: {
        'application/json': {
          schema: {
            type: 'object',
            properties: {
              things: { type: 'array', items: { $ref: '#/components/schemas/Thing' } },
              days: { type: 'string' },
            },
            required: ['things', 'days'],
            additionalProperties: false,
          },
        },
      },
    });
  });

  it('leaves an answer open to members of later releases', () => {
    const { Thing, Problem } = describeRoutes(getThing).components.schemas;
    expect(Thing).toEqual({
      type: 'object',
      properties: { id: { type: 'string' }, size: { type: 'integer', minimum: 1 } },
      required: ['id'],
    });
    expect(Problem).not.toHaveProperty('additionalProperties');
  });

  it('tells what is in a text that holds JSON', () => {
    const content = { 'text/event-stream': z.object({ id: z.string(), data: jsonText(thing) }) };
    const { paths, components } = describeRoutes({ ...postThing, responses: { 200: { description: '', content } } });
    expect(paths['/things']?.['post']?.responses['200']?.content?.['text/event-stream']?.schema).toMatchObject({
      properties: {
        data: {
          type: 'string',
          contentMediaType: 'application/json',
          contentSchema: { $ref: '#/components/schemas/Thing' },
        },
      },
    });
    expect(components.schemas).toHaveProperty('Thing');
  });

  it('enumerates the codes of problems', () => {
    const { ProblemCode } = describeRoutes(getThing).components.schemas;
    expect(ProblemCode?.['enum']).toEqual(expect.arrayContaining(['STREAKS_INVALID_REQUEST', 'STREAKS_INTERNAL']));
  });

  it('adds members of its own to a problem', () => {
    const { content } = describeRoutes(postThing).paths['/things']?.['post']?.responses['400'] ?? {};
    expect(content?.['application/problem+json']?.schema).toMatchObject({
      properties: { code: { $ref: '#/components/schemas/ProblemCode' }, count: { type: 'integer' } },
      required: expect.arrayContaining(['count', 'requestId']),
    });
  });

  it.each<[string, readonly RouteDocument[], RegExp]>([
    [
      'the same method and path',
      [getThing, { ...getThing, operationId: 'other' }],
      /get \/things\/\{id\} is documented twice/,
    ],
    ['the same operationId', [getThing, { ...getThing, method: 'put' }], /getThing is taken/],
    ['parameters that the path has not', [{ ...getThing, path: '/things/{name}' }], /described as id/],
    ['a path without its parameters', [{ ...postThing, path: '/things/{id}' }], /described as none/],
    [
      'two schemas of one id',
      [
        getThing,
        { ...postThing, responses: { 202: jsonResponse('', thing.extend({ a: z.string() }).meta({ id: 'Problem' })) } },
      ],
      /Problem/,
    ],
    [
      'a schema that JSON Schema cannot say',
      [
        {
          ...postThing,
          responses: {
            202: jsonResponse(
              '',
              z.custom(() => true),
            ),
          },
        },
      ],
      /cannot be represented/,
    ],
  ])('refuses %s', (_name, documents, message) => {
    expect(() => describeRoutes(...documents)).toThrow(message);
  });
});
