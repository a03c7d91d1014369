import { formatInstant } from '@streaks/shared/domain/instant';
import { problem } from '@streaks/shared/errors/problem';
import { sendJson } from '@streaks/shared/http/send-json';
import type { Express } from 'express';
import type { ReadModel, SessionRecord } from '../stores/read-model';
import { createRequestParser } from './parse-request';

/** Usually a session is on its way and shows a moment later. */
const RETRY_AFTER_SECONDS = '1';

/**
 * `GET /sessions/{userId}/{sessionId}`: what became of a session that ingest accepted. 404 with `Retry-After` where it
 * was not seen (yet).
 */
export function addSessionRoute(app: Express, readModel: Pick<ReadModel, 'readSession'>): void {
  app.get('/sessions/:userId/:sessionId', async function getSession(request, response) {
    const parser = createRequestParser();
    const userId = parser.id('userId', request.params.userId);
    const sessionId = parser.id('sessionId', request.params.sessionId);
    parser.finish();
    const record = await readModel.readSession(userId, sessionId);
    if (record === undefined) {
      throw problem({
        code: 'STREAKS_SESSION_NOT_SEEN',
        detail: 'no session of this user has this id; one just sent may still be on its way',
        headers: { 'Retry-After': RETRY_AFTER_SECONDS },
      });
    }
    sendJson(response, 200, { userId, sessionId, ...describeRecord(record) });
  });
}

function describeRecord(record: SessionRecord): object {
  switch (record.status) {
    case 'processed':
      return {
        status: record.status,
        startTime: formatInstant(record.startMs),
        endTime: formatInstant(record.endMs),
        timezone: record.timezone,
      };
    case 'rejected':
      return record;
  }
}
