import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import type { SessionLimits } from '@streaks/shared/domain/events/session';
import { type HttpProblem, problem, problemDocument } from '@streaks/shared/errors/problem';
import type { Request, Response } from 'express';
import { type Judged, judgeSession } from '../judge-session';
import { type BatchRouteOptions, noneAccepted } from './batch-route';
import { type ItemResult, publishBatch } from './publish-batch';
import { type Line, readLines } from './read-lines';

export type StreamRouteOptions = BatchRouteOptions & {
  readonly maxSessions: number;
  readonly maxLineBytes: number;
};

/** Sessions of a stream that are under way to Kafka at once; the next lines are read when they are acknowledged. */
const chunkSessions = 500;
/**
 * Answer bytes that may wait for a client that does not read while it sends. Results of 100,000 accepted sessions fit,
 * so a client that reads only at the end is served; one that never reads is held back here.
 */
const maxUnreadBytes = 16 * 1_048_576;
const unreadTimeoutMs = 30_000;

type StreamEnd = { readonly accepted: number; readonly rejected: number; readonly failure: HttpProblem | undefined };

/**
 * `POST /sessions/batch` with `application/x-ndjson`: a session a line, as many as `maxSessions`, in bounded memory.
 *
 * The answer is NDJSON too: a result for each line in order as it is acknowledged, then one summary line
 * `{"complete":true,"accepted":n,"rejected":m}`. A stream cut short by us ends with `"complete":false` and the problem in
 * `error`; the lines without a result are not acknowledged. Status 202; 400 or 503 where nothing of the first 500 lines was accepted.
 */
export function createStreamHandler(options: StreamRouteOptions) {
  return async function acceptStream(request: Request, response: Response): Promise<void> {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      throw problem({ code: 'STREAKS_UNSUPPORTED_MEDIA_TYPE', detail: 'a stream cannot be compressed' });
    }
    try {
      const { accepted, rejected, failure } = await relay(request, response, options);
      const error = failure === undefined ? {} : { error: problemDocument(failure, request.requestId) };
      response.end(`${JSON.stringify({ complete: failure === undefined, accepted, rejected, ...error })}\n`);
    } catch (error) {
      // The client went away: nobody is left to answer, and what was acknowledged to it stays.
      if (request.destroyed && !request.complete) return;
      throw error;
    }
  };
}

/** Reads, publishes and answers chunk by chunk. Throws while the status is still open; afterwards a failure is returned. */
async function relay(request: Request, response: Response, options: StreamRouteOptions): Promise<StreamEnd> {
  let accepted = 0;
  let rejected = 0;
  const fail = (failure: HttpProblem): StreamEnd => {
    if (!response.headersSent) throw failure;
    return { accepted, rejected, failure };
  };
  for await (const { lines, isLast } of chunksOf(request, options.maxLineBytes)) {
    const first = accepted + rejected;
    const allowed = lines.slice(0, Math.max(0, options.maxSessions - first));
    const limits = options.limits();
    const items = allowed.map((line) => judgeLine(line, limits));
    const outcome = await publishBatch(items, first, options.users, { requestId: request.requestId });
    if (outcome.kind === 'unavailable') {
      options.metrics.countSessions('stream', 'unavailable', items.length);
      return fail(outcome.problem);
    }
    accepted += outcome.accepted;
    rejected += outcome.results.length - outcome.accepted;
    options.metrics.countSessions('stream', 'accepted', outcome.accepted);
    options.metrics.countSessions('stream', 'rejected', outcome.results.length - outcome.accepted);
    if (isLast && accepted === 0 && !response.headersSent) throw noneAccepted(outcome.results);
    await answer(response, outcome.results);
    if (allowed.length < lines.length) {
      return fail(
        problem({ code: 'STREAKS_BODY_TOO_LARGE', detail: `at most ${options.maxSessions} sessions a stream` }),
      );
    }
  }
  if (accepted + rejected === 0) {
    throw problem({
      code: 'STREAKS_INVALID_REQUEST',
      errors: [{ field: '', code: 'EMPTY', message: 'the stream holds no session' }],
    });
  }
  return { accepted, rejected, failure: undefined };
}

/** Groups lines into chunks; one is held back until it is known whether another follows. */
async function* chunksOf(
  request: Request,
  maxLineBytes: number,
): AsyncGenerator<{ lines: readonly Line[]; isLast: boolean }> {
  // Leaving the loop early must not destroy the request: that would cut the connection before the client has the answer.
  const bytes: AsyncIterable<Buffer> = { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) };
  let waiting: Line[] = [];
  for await (const lines of readLines(bytes, maxLineBytes)) {
    for (const line of lines) {
      if (waiting.length === chunkSessions) {
        yield { lines: waiting, isLast: false };
        waiting = [];
      }
      waiting.push(line);
    }
  }
  if (waiting.length > 0) yield { lines: waiting, isLast: true };
}

function judgeLine(line: Line, limits: SessionLimits): Judged {
  if (line === undefined) return malformed('LINE_TOO_LONG', 'the line is longer than a session can be');
  if (!isUtf8(line)) return malformed('MALFORMED_JSON', 'the line is not valid UTF-8');
  try {
    return judgeSession(JSON.parse(line.toString('utf8')), limits);
  } catch {
    return malformed('MALFORMED_JSON', 'the line is not valid JSON');
  }
}

function malformed(code: string, message: string): Judged {
  return { faults: [{ field: '', code, message }], sessionId: undefined };
}

async function answer(response: Response, results: readonly ItemResult[]): Promise<void> {
  if (!response.headersSent) response.status(202).setHeader('Content-Type', 'application/x-ndjson');
  response.write(results.map((result) => `${JSON.stringify(result)}\n`).join(''));
  if (response.writableLength <= maxUnreadBytes) return;
  const tooSlow = AbortSignal.timeout(unreadTimeoutMs);
  await Promise.race([once(response, 'drain', { signal: tooSlow }), once(response, 'close', { signal: tooSlow })]);
}
