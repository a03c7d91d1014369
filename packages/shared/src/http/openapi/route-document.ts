import { z } from 'zod';
import { PROBLEM_MEDIA_TYPE, problemSchema } from './problem-schema';

/** Schemas by media type. A body that is not JSON is a `z.string()`; of `text/event-stream` it is the schema of each event. */
export type ContentDocument = Readonly<Record<string, z.ZodType>>;

export interface ResponseDocument {
  readonly description: string;
  /** Absent: no body. */
  readonly content?: ContentDocument;
  /** Headers beside `X-Request-Id`, by their usual spelling. */
  readonly headers?: z.ZodObject;
}

/**
 * What the OpenAPI document tells of one route. `createOpenApiDocument` adds to every route what every route has: the
 * header `X-Request-Id` of request and answer, and the problems 500 and 503.
 */
export interface RouteDocument {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With its parameters in braces: `/users/{id}/streak`. */
  readonly path: string;
  /** Unique in the service; the name of the function in a generated client. */
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  /** CommonMark. */
  readonly description?: string;
  readonly request?: {
    readonly params?: z.ZodObject;
    readonly query?: z.ZodObject;
    readonly headers?: z.ZodObject;
    readonly body?: ContentDocument;
  };
  readonly responses: Readonly<Record<number, ResponseDocument>>;
}

export interface ProblemResponseOptions {
  /** Members of the document beside those that every problem has, such as `{ results: z.array(…) }`. */
  readonly members?: z.ZodRawShape;
  readonly headers?: z.ZodObject;
}

/** `Retry-After` of an answer that always carries it. */
export const retryAfterHeader = z.object({
  'Retry-After': z
    .string()
    .regex(/^\d+$/)
    .meta({ description: 'Seconds', examples: ['1'] }),
});

/** An answer with problem details. */
export function problemResponse(
  description: string,
  { members, headers }: ProblemResponseOptions = {},
): ResponseDocument {
  const schema = members === undefined ? problemSchema : problemSchema.extend(members);
  return {
    description,
    content: { [PROBLEM_MEDIA_TYPE]: schema },
    ...(headers === undefined ? {} : { headers }),
  };
}

/** An answer with a JSON body. */
export function jsonResponse(description: string, schema: z.ZodType, headers?: z.ZodObject): ResponseDocument {
  return { description, content: { 'application/json': schema }, ...(headers === undefined ? {} : { headers }) };
}

/** A request body that is JSON alone. */
export function jsonBody(schema: z.ZodType): ContentDocument {
  return { 'application/json': schema };
}

/** A text that holds JSON, such as the data of an event. Documents only: it validates no more than `z.string()`. */
export function jsonText(schema: z.ZodType): z.ZodString {
  return z.string().meta({ contentMediaType: 'application/json', contentSchema: schema });
}
