import type { Fault } from '@streaks/shared/domain/events/faults';
import { type ProblemFault, problem } from '@streaks/shared/errors/problem';
import type { z } from 'zod';

export type JsonObject = Readonly<Record<string, unknown>>;

const mostUnknownFieldsNamed = 10;

/**
 * Every fault of a body: those that the domain found in what was read of it, then those that its schema finds beside them. A
 * field that is not of the schema is a fault: it is a misspelling more often than an extension.
 */
export function bodyFaults(schema: z.ZodType, body: JsonObject, ruleFaults: readonly Fault[]): readonly ProblemFault[] {
  const result = schema.safeParse(body);
  const named = new Set(ruleFaults.map(({ field }) => rootOf(field)));
  return [
    ...ruleFaults.map((fault) => (body[rootOf(fault.field)] === undefined ? required(fault.field) : fault)),
    ...(result.success ? [] : result.error.issues.flatMap((issue) => shapeFaults(issue, body, named))),
  ];
}

/** @throws {HttpProblem} 400 for a body that is no JSON object */
export function requireObject(body: unknown, what: string): JsonObject {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as JsonObject;
  throw invalidRequest([{ field: '', code: 'NOT_AN_OBJECT', message: `${what} must be a JSON object` }]);
}

export function invalidRequest(errors: readonly ProblemFault[]) {
  return problem({ code: 'STREAKS_INVALID_REQUEST', errors });
}

function shapeFaults(issue: z.core.$ZodIssue, body: JsonObject, named: ReadonlySet<string>): readonly ProblemFault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, mostUnknownFieldsNamed).map((key) => {
      const field = fieldOf([...issue.path, key]);
      return { field, code: 'UNKNOWN_FIELD', message: 'there is no such field' };
    });
  }
  const field = fieldOf(issue.path);
  if (named.has(rootOf(field))) return [];
  if (valueAt(body, issue.path) === undefined) return [required(field)];
  const code = issue.code === 'invalid_type' && issue.expected === 'string' ? 'NOT_A_TEXT' : 'INVALID';
  return [{ field, code, message: code === 'NOT_A_TEXT' ? `${field} must be a text` : issue.message }];
}

function required(field: string): ProblemFault {
  return { field, code: 'REQUIRED', message: `${field} is required` };
}

/** `pauses[3].from`; `''` for the whole. */
function fieldOf(path: readonly PropertyKey[]): string {
  let field = '';
  for (const part of path) {
    field += typeof part === 'number' ? `[${part}]` : `${field === '' ? '' : '.'}${String(part)}`;
  }
  return field;
}

/** `pauses` of `pauses[3].from`. */
function rootOf(field: string): string {
  return /^[^.[]*/.exec(field)?.[0] ?? field;
}

function valueAt(body: JsonObject, path: readonly PropertyKey[]): unknown {
  let value: unknown = body;
  for (const part of path) value = (value as Readonly<Record<PropertyKey, unknown>>)[part];
  return value;
}
