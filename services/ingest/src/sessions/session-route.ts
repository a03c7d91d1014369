import type { SessionLimits } from '@streaks/shared/domain/session';
import { emptyStreakState } from '@streaks/shared/domain/streak-state';
import { problem } from '@streaks/shared/errors/problem';
import { sendJson } from '@streaks/shared/http/send-json';
import type { Request, Response } from 'express';
import type { IngestMetrics } from '../metrics';
import { preferredWaitSeconds } from '../waiting/prefer-wait';
import type { ReplyListener, ReplyWaiter } from '../waiting/reply-listener';
import type { SessionOutcome } from '../waiting/session-outcome';
import { streakAsOf } from '../waiting/streak-as-of';
import { judgeSession } from './judge-session';
import { refusalFault, type SessionPublisher, unavailableProblem } from './session-publisher';

export type SessionRouteOptions = {
  readonly publisher: SessionPublisher;
  readonly replies: ReplyListener;
  /** With the time of the request as the record's time. */
  readonly limits: () => SessionLimits;
  /** Base address of query-api, without a trailing slash. */
  readonly queryApiUrl: string;
  readonly metrics: IngestMetrics;
};

type Accepted = { readonly sessionId: string; readonly userId: string; readonly statusUrl: string };

/**
 * `POST /sessions`: 202 once Kafka has acknowledged; with `Prefer: wait=N` 201 with the streak when the processor has
 * stored it, 200 when it was a repeat, 422 when the processor refused it, 202 when the wait ran out.
 */
export function createSessionHandler(options: SessionRouteOptions) {
  const { publisher, replies, limits, queryApiUrl, metrics } = options;

  return async function acceptSession(request: Request, response: Response): Promise<void> {
    const judged = judgeSession(request.body, limits());
    if (!('session' in judged)) {
      metrics.countSessions('single', 'rejected', 1);
      throw problem({ code: 'STREAKS_INVALID_SESSION', errors: judged.faults });
    }
    const { session } = judged;
    const { requestId } = request;
    const waitSeconds = preferredWaitSeconds(request.headers['prefer']);
    // Subscribed before the record is there to be processed: the reply cannot be missed.
    const waiter = waitSeconds === 0 ? undefined : await replies.expect(session);
    try {
      await publisher.publish(session, waiter === undefined ? { requestId } : { requestId, replyTo: waiter.channel });
    } catch (error) {
      waiter?.cancel();
      throw publishProblem(error, metrics);
    }
    metrics.countSessions('single', 'accepted', 1);
    const { sessionId, userId } = session;
    const statusUrl = `${queryApiUrl}/sessions/${encodeURIComponent(userId)}/${encodeURIComponent(sessionId)}`;
    const accepted = { sessionId, userId, statusUrl };
    if (waiter === undefined) {
      sendJson(response, 202, { ...accepted, status: 'accepted' }, { Location: statusUrl });
      return;
    }
    response.setHeader('Location', statusUrl);
    response.setHeader('Preference-Applied', `wait=${waitSeconds}`);
    answerOutcome(response, accepted, await outcomeOf(waiter, waitSeconds, metrics), limits().recordTimeMs);
  };
}

async function outcomeOf(waiter: ReplyWaiter, waitSeconds: number, metrics: IngestMetrics) {
  const outcome = await waiter.outcome(waitSeconds * 1_000);
  metrics.countWait(outcome?.outcome ?? 'timed_out');
  return outcome;
}

function answerOutcome(
  response: Response,
  accepted: Accepted,
  outcome: SessionOutcome | undefined,
  nowMs: number,
): void {
  if (outcome === undefined) {
    sendJson(response, 202, { ...accepted, status: 'accepted' });
    return;
  }
  if (outcome.outcome === 'rejected') {
    const { reason, detail } = outcome;
    throw problem({
      code: 'STREAKS_SESSION_REFUSED',
      ...(detail === undefined ? {} : { detail }),
      extra: { ...accepted, reason: reason ?? 'UNKNOWN' },
    });
  }
  const streak = streakAsOf(outcome.state ?? emptyStreakState, nowMs);
  sendJson(response, outcome.outcome === 'duplicate' ? 200 : 201, { ...accepted, status: outcome.outcome, streak });
}

function publishProblem(error: unknown, metrics: IngestMetrics): unknown {
  const unavailable = unavailableProblem(error);
  if (unavailable !== undefined) {
    metrics.countSessions('single', 'unavailable', 1);
    return unavailable;
  }
  const fault = refusalFault(error);
  if (fault === undefined) return error;
  metrics.countSessions('single', 'rejected', 1);
  return problem({ code: 'STREAKS_INVALID_SESSION', errors: [fault] });
}
