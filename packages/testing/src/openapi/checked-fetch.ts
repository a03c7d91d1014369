import type { OpenApiDocument } from '@streaks/shared/http/openapi/openapi-document';
import { createAnswerChecker } from './answer-checker';

/** A `fetch` for tests that rejects where an answer is not as the document says. The body of a stream is not read. */
export function createCheckedFetch(document: OpenApiDocument): (request: Request) => Promise<Response> {
  const check = createAnswerChecker(document);
  return async function fetchChecked(request) {
    const response = await fetch(request);
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const faults = check({
      method: request.method,
      path: new URL(request.url).pathname,
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: isStream ? '' : await response.clone().text(),
    });
    if (faults.length === 0) return response;
    throw new Error(`${request.method} ${request.url} -> ${response.status}: ${faults.join('; ')}`);
  };
}
