import { problem } from '@streaks/shared/errors/problem';
import type { ProblemCode } from '@streaks/shared/errors/problem-catalog';
import { sendJson } from '@streaks/shared/http/send-json';
import type { Response } from 'express';
import type { EventOutcome } from '../waiting/event-outcome';
import type { Submission } from './submit-event';

export type SubmissionAnswer = {
  /** Members of every answer: which event it was. */
  readonly event: Readonly<Record<string, unknown>>;
  /** Where the event's fate can be read, if there is such a place. */
  readonly statusUrl?: string;
  /** Of an event that was stored: 201 where it made something that can be read, 200 where it changed something. */
  readonly processed: 200 | 201;
  /** Further members once the processor has told. */
  readonly describe: (outcome: EventOutcome) => Readonly<Record<string, unknown>>;
  readonly refusal: ProblemCode;
};

/**
 * 202 for what was accepted and not waited for, or not long enough; else what the processor did with it: the status of
 * `processed`, 200 for an event that changed nothing, 422 for one that it refused.
 *
 * @throws {HttpProblem} 422
 */
export function answerSubmission(response: Response, submission: Submission, answer: SubmissionAnswer): void {
  const { event, statusUrl, describe } = answer;
  const told = { ...event, ...(statusUrl === undefined ? {} : { statusUrl }) };
  if (statusUrl !== undefined) response.setHeader('Location', statusUrl);
  if (!('outcome' in submission)) {
    sendJson(response, 202, { ...told, status: 'accepted' });
    return;
  }
  const { outcome } = submission;
  response.setHeader('Preference-Applied', `wait=${submission.waitedSeconds}`);
  if (outcome === undefined) {
    sendJson(response, 202, { ...told, status: 'accepted' });
    return;
  }
  if (outcome.outcome === 'rejected') {
    const { reason, detail } = outcome;
    throw problem({
      code: answer.refusal,
      ...(detail === undefined ? {} : { detail }),
      extra: { ...told, reason: reason ?? 'UNKNOWN' },
    });
  }
  const status = outcome.outcome === 'processed' ? answer.processed : 200;
  sendJson(response, status, { ...told, status: outcome.outcome, ...describe(outcome) });
}
