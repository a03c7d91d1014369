import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import type { SessionLimits } from '@streaks/shared/domain/events/session';
import { type ProblemFault, problem } from '@streaks/shared/errors/problem';
import type { Request, Response } from 'express';
import type { IngestMetrics } from '../../metrics';
import type { EventPublisher } from '../../publishing/event-publisher';
import { judgeSession } from '../judge-session';
import { type ItemResult, publishBatch } from './publish-batch';

export type BatchRouteOptions = {
  readonly users: EventPublisher<UserEventToSend>;
  readonly limits: () => SessionLimits;
  readonly metrics: IngestMetrics;
};

/** Most sessions in one array; longer ones go as NDJSON. */
export const maxBatchSessions = 1_000;

/**
 * `POST /sessions/batch` with `{ sessions: [...] }`: 202 with a result for each item in order when at least one was
 * accepted, 400 with the same results when none was.
 */
export function createBatchHandler({ users, limits, metrics }: BatchRouteOptions) {
  return async function acceptBatch(request: Request, response: Response): Promise<void> {
    const sessions = sessionsOf(request.body);
    const now = limits();
    const items = sessions.map((session) => judgeSession(session, now));
    const outcome = await publishBatch(items, 0, users, { requestId: request.requestId });
    if (outcome.kind === 'unavailable') {
      metrics.countSessions('batch', 'unavailable', items.length);
      throw outcome.problem;
    }
    const { accepted, results } = outcome;
    const rejected = results.length - accepted;
    metrics.countSessions('batch', 'accepted', accepted);
    metrics.countSessions('batch', 'rejected', rejected);
    if (accepted === 0) throw noneAccepted(results);
    response.status(202).json({ accepted, rejected, results });
  };
}

export function noneAccepted(results: readonly ItemResult[]) {
  return problem({ code: 'STREAKS_NO_SESSION_ACCEPTED', extra: { accepted: 0, rejected: results.length, results } });
}

function sessionsOf(body: unknown): readonly unknown[] {
  const sessions: unknown = typeof body === 'object' && body !== null && 'sessions' in body ? body.sessions : undefined;
  if (!Array.isArray(sessions)) throw invalid('REQUIRED', 'the body must be { "sessions": [...] }');
  if (sessions.length === 0) throw invalid('EMPTY', 'sessions must hold at least one session');
  if (sessions.length > maxBatchSessions) {
    throw invalid(
      'TOO_MANY',
      `sessions holds ${sessions.length}; at most ${maxBatchSessions} fit, send more as application/x-ndjson`,
    );
  }
  return sessions;
}

function invalid(code: string, message: string) {
  const fault: ProblemFault = { field: 'sessions', code, message };
  return problem({ code: 'STREAKS_INVALID_REQUEST', errors: [fault] });
}
