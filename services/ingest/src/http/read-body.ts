import { isUtf8 } from 'node:buffer';
import { problem } from '@streaks/shared/errors/problem';
import express, { type RequestHandler } from 'express';

const jsonType = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const ndjsonType = /^application\/(?:x-)?ndjson\s*(?:;|$)/i;

export function isNdjson(contentType: string | undefined): boolean {
  return contentType !== undefined && ndjsonType.test(contentType);
}

/** 415 for a body that does not say it is JSON: a form post from a foreign page must not pass as a session. */
export function requireJson(accepted: string): RequestHandler {
  return function checkContentType(request, _response, next) {
    const contentType = request.headers['content-type'];
    if (contentType !== undefined && jsonType.test(contentType)) return next();
    const detail = `send ${accepted}`;
    throw problem({ code: 'STREAKS_UNSUPPORTED_MEDIA_TYPE', detail, headers: { 'Accept-Post': accepted } });
  };
}

/** Parses JSON of at most `limitBytes` (413 above). Bytes that are no UTF-8 are refused: replacing them would merge distinct ids. */
export function parseJson(limitBytes: number): RequestHandler {
  return express.json({
    limit: limitBytes,
    type: () => true,
    // Any JSON value is taken, so that `3` is answered with what a session is, not as malformed.
    strict: false,
    verify: (_request, _response, bytes, encoding) => {
      if (encoding === 'utf-8' && isUtf8(bytes)) return;
      throw problem({ code: 'STREAKS_MALFORMED_JSON', detail: 'the body is not valid UTF-8' });
    },
  });
}
