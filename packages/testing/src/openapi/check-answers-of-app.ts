import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { OpenApiDocument } from '@streaks/shared/http/openapi/openapi-document';
import { type Answer, type AnswerChecker, createAnswerChecker } from './answer-checker';

/** An express app, as far as this file knows it. */
interface CheckedApp {
  handle(request: IncomingMessage, response: ServerResponse, ...rest: unknown[]): unknown;
}

/** `afterEach` of Jest; absent in a process that runs no tests. */
const { afterEach } = globalThis as { readonly afterEach?: (hook: () => void) => void };
const faults: string[] = [];
const checkers = new WeakMap<OpenApiDocument, AnswerChecker>();

// When this file is imported: inside of a test it would be too late to ask for it.
afterEach?.(function failOnFaults() {
  const found = takeFaults();
  if (found.length > 0) throw new Error(`not as the OpenAPI document says:\n${found.join('\n')}`);
});

/** The faults found since the last call, as `METHOD path -> status: what is wrong`. A test that means to have some takes them. */
export function takeFaults(): readonly string[] {
  return faults.splice(0);
}

/**
 * From now on every answer of the app is checked against the document, and one that is not as documented fails the test that
 * asked for it. For the harness of a service: a test needs to do nothing. Returns the app itself.
 */
export function checkAnswersOfApp<App extends RequestListener>(app: App, document: OpenApiDocument): App {
  const check = checkerOf(document);
  const checked = app as unknown as CheckedApp;
  const handle = checked.handle;
  checked.handle = function handleChecked(request, response, ...rest) {
    watchAnswer(request, response, (answer) => {
      const name = `${answer.method} ${answer.path} -> ${answer.status}`;
      faults.push(...check(answer).map((fault) => `${name}: ${fault}`));
    });
    return handle.call(this, request, response, ...rest);
  };
  return app;
}

/** Compiled once for each document: a test file makes many apps. */
function checkerOf(document: OpenApiDocument): AnswerChecker {
  let check = checkers.get(document);
  if (check === undefined) {
    check = neverThrowing(createAnswerChecker(document));
    checkers.set(document, check);
  }
  return check;
}

/** What is thrown at the end of an answer would be lost in express. */
function neverThrowing(check: AnswerChecker): AnswerChecker {
  return function checkSafely(answer) {
    try {
      return check(answer);
    } catch (error) {
      return [`cannot be checked: ${(error as Error).message}`];
    }
  };
}

/** Calls back with each answer as it left, once it has ended. */
function watchAnswer(request: IncomingMessage, response: ServerResponse, onAnswer: (answer: Answer) => void): void {
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown): void => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  const method = request.method ?? 'GET';
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const { write, end } = response;
  response.write = function writeWatched(...args: unknown[]) {
    keep(args[0]);
    return Reflect.apply(write, this, args);
  };
  response.end = function endWatched(this: ServerResponse, ...args: unknown[]) {
    keep(args[0]);
    const ended = Reflect.apply(end, this, args);
    onAnswer({
      method,
      path,
      status: this.statusCode,
      headers: sentHeaders(this),
      body: Buffer.concat(chunks).toString('utf8'),
    });
    return ended;
  };
}

/** The headers as they were written: `getHeaders` does not know those that were given to `writeHead`. */
function sentHeaders(response: ServerResponse): Readonly<Record<string, string>> {
  const { _header: head } = response as unknown as { readonly _header: string | null };
  const lines = (head ?? '')
    .split('\r\n')
    .slice(1)
    .filter((line) => line !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}
