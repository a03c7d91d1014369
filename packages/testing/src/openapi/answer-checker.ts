import type {
  Header,
  OpenApiDocument,
  OpenApiResponse,
  Reference,
} from '@streaks/shared/http/openapi/openapi-document';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { closeObjects } from './close-objects';
import { addContentSchema } from './content-schema';
import { createOperationFinder, type Found } from './find-operation';
import { readEvents } from './read-events';

/** What a service answered to one request. */
export interface Answer {
  readonly method: string;
  /** Without the query, percent-encoded as it was sent. */
  readonly path: string;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What is wrong with an answer by the document; empty where it is as documented. */
export type AnswerChecker = (answer: Answer) => readonly string[];

const DOCUMENT = 'openapi.json';
const PROBLEM_TYPE = 'application/problem+json';
const EVENT_STREAM = 'text/event-stream';
/** Answers of a service to what its document does not have. */
const undocumentedStatuses = new Set([400, 404, 405, 503]);
/** Files of the page of Swagger UI. */
const pageFiles = /^\/api\/docs\/./;

/**
 * Checks answers against an OpenAPI document: the status is documented, the content type is one of those named for it, the
 * headers are there, and the body fits its schema and has no property that the schema does not name.
 */
export function createAnswerChecker(document: OpenApiDocument): AnswerChecker {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  addFormats(ajv);
  // The document holds the schemas and is looked at as one, by the pointers into it.
  ajv.addVocabulary(Object.keys(document));
  addContentSchema(ajv, DOCUMENT);
  ajv.addSchema(closeObjects(document), DOCUMENT, undefined, false);
  const findOperation = createOperationFinder(document);
  const validators = new Map<string, ValidateFunction>();

  function faultsOf(what: string, pointer: readonly string[], value: unknown): readonly string[] {
    const key = `${DOCUMENT}#/${pointer.map(escapePointer).join('/')}`;
    const validate = validators.get(key) ?? ajv.compile({ $ref: key });
    validators.set(key, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${what}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  function headerFaults(response: OpenApiResponse, pointer: readonly string[], answer: Answer): readonly string[] {
    return Object.entries(response.headers ?? {}).flatMap(([name, described]) => {
      const value = answer.headers[name.toLowerCase()];
      const [header, place] = followHeader(document, described, [...pointer, 'headers', name]);
      if (value === undefined) return header.required === true ? [`header ${name} is missing`] : [];
      return faultsOf(`header ${name}`, [...place, 'schema'], value);
    });
  }

  function bodyFaults(response: OpenApiResponse, pointer: readonly string[], answer: Answer): readonly string[] {
    if (answer.method === 'HEAD') return [];
    const { content = {} } = response;
    const type = mediaType(answer);
    if (Object.keys(content).length === 0) return answer.body === '' ? [] : ['a body, though none is documented'];
    if (content[type] === undefined)
      return [`content type ${type || 'absent'}, not ${Object.keys(content).join(' or ')}`];
    const schema = [...pointer, 'content', type, 'schema'];
    return type === EVENT_STREAM
      ? readEvents(answer.body).flatMap((event) => faultsOf('event', schema, event))
      : faultsOf('body', schema, readBody(type, answer.body));
  }

  function documentedFaults({ template, method, operation }: Found, answer: Answer): readonly string[] {
    const response = operation?.responses[answer.status];
    if (response === undefined) return ['the status is not documented'];
    const pointer = ['paths', template, method, 'responses', String(answer.status)];
    return [...headerFaults(response, pointer, answer), ...bodyFaults(response, pointer, answer)];
  }

  function undocumentedFaults(answer: Answer): readonly string[] {
    if (!undocumentedStatuses.has(answer.status)) return ['neither path nor method are documented'];
    if (answer.method === 'HEAD') return [];
    if (mediaType(answer) !== PROBLEM_TYPE) return [`content type ${mediaType(answer)}, not ${PROBLEM_TYPE}`];
    return faultsOf('body', ['components', 'schemas', 'Problem'], readBody(PROBLEM_TYPE, answer.body));
  }

  return function checkAnswer(answer) {
    if (answer.method === 'OPTIONS' || pageFiles.test(answer.path)) return [];
    const found = findOperation(answer.method, answer.path);
    return found?.operation === undefined ? undocumentedFaults(answer) : documentedFaults(found, answer);
  };
}

function followHeader(
  document: OpenApiDocument,
  header: Header | Reference,
  place: readonly string[],
): readonly [Header, readonly string[]] {
  if (!('$ref' in header)) return [header, place];
  const name = header.$ref.slice(header.$ref.lastIndexOf('/') + 1);
  const shared = document.components.headers[name];
  if (shared === undefined) throw new Error(`the document has no ${header.$ref}`);
  return [shared, ['components', 'headers', name]];
}

function mediaType({ headers }: Answer): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** Undefined, which fits no schema, for JSON that cannot be read. */
function readBody(type: string, text: string): unknown {
  if (!/[/+]json$/.test(type)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A part of a JSON pointer in a URI. */
function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
