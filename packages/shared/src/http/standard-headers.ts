import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Express, Request, Response } from 'express';
import helmet, { type HelmetOptions } from 'helmet';

/** Header names and values in turn, as `writeHead` takes them. */
type FlatHeaders = readonly string[];

/** Set on an app whose server is closing: its answers end their connection, and new requests are refused. */
export const DRAINING = 'draining';

/**
 * Every answer of the app carries helmet's headers and `X-Request-Id`. They join at `writeHead`, which every answer
 * passes, instead of some 15 `setHeader` calls a request: helmet's headers never change, so they are worked out once. A
 * header that the answer sets itself wins.
 */
export function addStandardHeaders(app: Express, helmetOptions: HelmetOptions | undefined): void {
  const security = securityHeaders(helmetOptions);
  const { writeHead } = ServerResponse.prototype as unknown as { readonly writeHead: WriteHead };

  function writeHeadWithStandardHeaders(this: Response, status: number, ...rest: WriteHeadRest): ServerResponse {
    const [given] = rest;
    const standard = [...security, 'X-Request-Id', (this.req as Request).requestId];
    if (app.enabled(DRAINING)) standard.push('Connection', 'close');
    if (isHeaderObject(given) && this.getHeaderNames().length === 0) {
      return writeHead.call(this, status, joinHeaders(standard, given));
    }
    for (let at = 0; at < standard.length; at += 2) {
      const name = standard[at] ?? '';
      if (!this.hasHeader(name)) this.setHeader(name, standard[at + 1] ?? '');
    }
    return writeHead.call(this, status, ...rest);
  }
  Object.defineProperty(app.response, 'writeHead', { value: writeHeadWithStandardHeaders });
}

type WriteHeadRest = readonly [
  (string | OutgoingHttpHeaders | readonly unknown[])?,
  (OutgoingHttpHeaders | readonly unknown[])?,
];
type WriteHead = (this: ServerResponse, status: number, ...rest: WriteHeadRest) => ServerResponse;

function isHeaderObject(given: WriteHeadRest[0]): given is OutgoingHttpHeaders {
  return typeof given === 'object' && !Array.isArray(given);
}

function joinHeaders(standard: string[], given: OutgoingHttpHeaders): readonly unknown[] {
  const joined: unknown[] = standard;
  for (const name in given) joined.push(name, given[name]);
  return joined;
}

function securityHeaders(options: HelmetOptions | undefined): FlatHeaders {
  const recorder = new ServerResponse(new IncomingMessage(new Socket()));
  helmet(options)(recorder.req, recorder, (error) => {
    if (error !== undefined) throw error;
  });
  return recorder.getHeaderNames().flatMap((name) => [headerCase(name), String(recorder.getHeader(name))]);
}

/** Names are recorded in lower case; `Content-Security-Policy` is how they are read in every other tool. */
function headerCase(name: string): string {
  return name
    .split('-')
    .map((word) =>
      word === 'xss' || word === 'dns' ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1),
    )
    .join('-');
}
