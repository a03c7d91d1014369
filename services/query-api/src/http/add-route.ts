import type { RouteDocument } from '@streaks/shared/http/openapi/route-document';
import { sendJson } from '@streaks/shared/http/send-json';
import express, { type Express, type Request, type Response } from 'express';
import { createRequestParser, type RequestOf } from './requests/parse-request';

/** What is answered with status 200. */
export type Answer = object;

export interface RouteOptions {
  /** Most bytes of a JSON body; 100 kB when absent. */
  readonly maxBodyBytes?: number;
}

/** Adds a route under the path and method of its document, whose schemas judge each request. What it resolves to is answered as JSON. */
export function addRoute<Document extends RouteDocument>(
  app: Express,
  document: Document,
  answer: (input: RequestOf<Document>) => Promise<Answer>,
  options: RouteOptions = {},
): void {
  addRawRoute(
    app,
    document,
    async (input, _request, response) => sendJson(response, 200, await answer(input)),
    options,
  );
}

/** As `addRoute`, for a route that writes its answer itself. */
export function addRawRoute<Document extends RouteDocument>(
  app: Express,
  document: Document,
  handle: (input: RequestOf<Document>, request: Request, response: Response) => Promise<void>,
  { maxBodyBytes }: RouteOptions = {},
): void {
  const parse = createRequestParser(document);
  const readBody =
    document.request?.body === undefined
      ? []
      : [express.json(maxBodyBytes === undefined ? {} : { limit: maxBodyBytes })];
  app[document.method](toExpressPath(document.path), ...readBody, async function handleRequest(request, response) {
    await handle(parse(request), request, response);
  });
}

/** `/users/{userId}` in OpenAPI is `/users/:userId` in express. */
function toExpressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
