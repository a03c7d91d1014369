import type { ErrorRequestHandler, Express, RequestHandler, Response } from 'express';
import { HttpProblem, problem, problemDocument } from '../errors/problem';
import type { Logger } from '../observability/create-logger';

/** Answers with a problem document; the one place that writes them. */
export function sendProblem(response: Response, from: HttpProblem, requestId: string): void {
  response.locals['problemCode'] = from.code;
  for (const [name, value] of Object.entries(from.headers)) response.setHeader(name, value);
  response
    .status(from.status)
    .type('application/problem+json')
    .send(JSON.stringify(problemDocument(from, requestId)));
}

/** Turns what a route or a body parser threw into a problem; an error nobody expected is logged with its stack. */
export function createErrorHandler(logger: Logger): ErrorRequestHandler {
  return function answerWithProblem(error: unknown, request, response, next) {
    const known = error instanceof HttpProblem ? error : problemFromParser(error);
    if (known === undefined) logger.error({ requestId: request.requestId, err: error }, 'request_failed');
    // The status line is gone already: only cutting the connection still tells the client.
    if (response.headersSent) return next(error);
    sendProblem(response, known ?? problem({ code: 'STREAKS_INTERNAL' }), request.requestId);
  };
}

/** 404, or 405 with `Allow` where the path exists under other methods. */
export function createNotFoundHandler(app: Express): RequestHandler {
  return function answerNotFound(request, response) {
    const allowed = methodsOf(app, request.path);
    if (allowed.length === 0) {
      const detail = `${request.method} ${request.path}`;
      return sendProblem(response, problem({ code: 'STREAKS_ROUTE_NOT_FOUND', detail }), request.requestId);
    }
    const headers = { Allow: allowed.join(', ') };
    const detail = `this route has ${allowed.join(', ')}`;
    sendProblem(response, problem({ code: 'STREAKS_METHOD_NOT_ALLOWED', detail, headers }), request.requestId);
  };
}

/** What express's router keeps per route; it has no public way to ask which methods a path has. */
type RouteLayer = {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
};

function methodsOf(app: Express, path: string): string[] {
  const { stack } = app.router as unknown as { readonly stack: readonly RouteLayer[] };
  const methods = new Set<string>();
  for (const layer of stack) {
    if (layer.route === undefined || !matches(layer, path)) continue;
    for (const method of Object.keys(layer.route.methods)) methods.add(method.toUpperCase());
  }
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}

/** Matching decodes the path and throws where it is not valid percent encoding. */
function matches(layer: RouteLayer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}

/** body-parser and the router mark their errors with an HTTP status and a type. */
function problemFromParser(error: unknown): HttpProblem | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  if (error.status < 400 || error.status >= 500) return undefined;
  const type = 'type' in error && typeof error.type === 'string' ? error.type : '';
  if (type === 'entity.parse.failed') return problem({ code: 'STREAKS_MALFORMED_JSON', detail: error.message });
  if (error.status === 413) return problem({ code: 'STREAKS_BODY_TOO_LARGE', detail: limitOf(error) });
  if (error.status === 415) return problem({ code: 'STREAKS_UNSUPPORTED_MEDIA_TYPE', detail: error.message });
  return problem({ code: 'STREAKS_MALFORMED_REQUEST', detail: error.message });
}

function limitOf(error: Error): string {
  const limit: unknown = 'limit' in error ? error.limit : undefined;
  return typeof limit === 'number' ? `at most ${limit} bytes` : error.message;
}
