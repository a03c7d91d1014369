import type { SessionLimits } from '@streaks/shared/domain/events/session';
import { emptyStreakState } from '@streaks/shared/domain/streaks/streak-state';
import { problem } from '@streaks/shared/errors/problem';
import type { Request, Response } from 'express';
import { answerSubmission } from '../http/answer-submission';
import { type SubmitOptions, submitUserEvent } from '../http/submit-event';
import type { IngestMetrics } from '../metrics';
import { preferredWaitSeconds } from '../waiting/prefer-wait';
import { streakAsOf } from '../waiting/streak-as-of';
import { judgeSession } from './judge-session';
import { sessionStatusUrl } from './session-status-url';

export type SessionRouteOptions = SubmitOptions & {
  /** With the time of the request as the record's time. */
  readonly limits: () => SessionLimits;
  /** Base address of query-api, without a trailing slash. */
  readonly queryApiUrl: string;
  readonly metrics: IngestMetrics;
};

/**
 * `POST /sessions`: 202 once Kafka has acknowledged; with `Prefer: wait=N` 201 with the streak when the processor has
 * stored it, 200 when it was a repeat or had been retracted, 422 when the processor refused it, 202 when the wait ran out.
 */
export function createSessionHandler(options: SessionRouteOptions) {
  const { limits, queryApiUrl, metrics } = options;

  return async function acceptSession(request: Request, response: Response): Promise<void> {
    const judged = judgeSession(request.body, limits());
    if (!('session' in judged)) {
      metrics.countSessions('single', 'rejected', 1);
      throw problem({ code: 'STREAKS_INVALID_SESSION', errors: judged.faults });
    }
    const { session } = judged;
    const submission = await submitUserEvent(
      session,
      {
        requestId: request.requestId,
        waitSeconds: preferredWaitSeconds(request.headers['prefer']) ?? 0,
        count: (result) => metrics.countSessions('single', result, 1),
        refusal: 'STREAKS_INVALID_SESSION',
      },
      options,
    );
    const { sessionId, userId } = session;
    answerSubmission(response, submission, {
      event: { sessionId, userId },
      statusUrl: sessionStatusUrl(queryApiUrl, session),
      processed: 201,
      describe: ({ state }) => ({ streak: streakAsOf(state ?? emptyStreakState, limits().recordTimeMs) }),
      refusal: 'STREAKS_SESSION_REFUSED',
    });
  };
}
