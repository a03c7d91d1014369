import { formatInstant } from '@streaks/shared/domain/calendar/instant';
import { type HttpProblem, problem } from '@streaks/shared/errors/problem';
import type { Express } from 'express';
import type { z } from 'zod';
import { addRoute } from '../http/add-route';
import type { CheckInRecord, ReadModel, SessionRecord } from '../stores/read-model';
import { checkInDocument, type checkInSchema, sessionDocument, type sessionSchema } from './event-documents';

/** Usually an event is on its way and shows a moment later. */
const RETRY_AFTER_SECONDS = '1';

/**
 * `GET /sessions/{userId}/{sessionId}` and `GET /check-ins/{userId}/{checkInId}`: what became of an event that ingest
 * accepted. 404 with `Retry-After` where it was not seen (yet).
 */
export function addEventRoutes(app: Express, readModel: Pick<ReadModel, 'readSession' | 'readCheckIn'>): void {
  addRoute(app, sessionDocument, async ({ params: { userId, sessionId } }) => {
    const record = await readModel.readSession(userId, sessionId);
    if (record === undefined) {
      throw notSeen('STREAKS_SESSION_NOT_SEEN', 'session');
    }
    return describeSession(userId, sessionId, record);
  });

  addRoute(app, checkInDocument, async ({ params: { userId, checkInId } }) => {
    const record = await readModel.readCheckIn(userId, checkInId);
    if (record === undefined) {
      throw notSeen('STREAKS_CHECK_IN_NOT_SEEN', 'check-in');
    }
    return describeCheckIn(userId, checkInId, record);
  });
}

function notSeen(code: 'STREAKS_SESSION_NOT_SEEN' | 'STREAKS_CHECK_IN_NOT_SEEN', what: string): HttpProblem {
  return problem({
    code,
    detail: `no ${what} of this user has this id; one just sent may still be on its way`,
    headers: { 'Retry-After': RETRY_AFTER_SECONDS },
  });
}

function describeSession(userId: string, sessionId: string, record: SessionRecord): z.infer<typeof sessionSchema> {
  switch (record.status) {
    case 'processed':
      return {
        userId,
        sessionId,
        status: record.status,
        startTime: formatInstant(record.startMs),
        endTime: formatInstant(record.endMs),
        timezone: record.timezone,
      };
    case 'retracted':
    case 'rejected':
      return { userId, sessionId, ...record };
  }
}

function describeCheckIn(userId: string, checkInId: string, record: CheckInRecord): z.infer<typeof checkInSchema> {
  switch (record.status) {
    case 'processed':
      return {
        userId,
        checkInId,
        status: record.status,
        at: formatInstant(record.atMs),
        timezone: record.timezone,
      };
    case 'rejected':
      return { userId, checkInId, ...record };
  }
}
