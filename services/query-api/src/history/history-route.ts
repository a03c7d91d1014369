import type { Express } from 'express';
import { addRoute } from '../http/add-route';
import type { ReadModel } from '../stores/read-model';
import { describeChange } from './describe-change';
import { historyCursor, historyDocument } from './history-documents';

/** `GET /users/{id}/history`: the changes of a streak with their audit fields, newest first. It needs Postgres. */
export function addHistoryRoute(app: Express, readModel: Pick<ReadModel, 'readHistory'>): void {
  addRoute(app, historyDocument, async ({ params: { userId }, query }) => {
    const { ruleId, limit } = query;
    // One more than the page holds tells whether there is another page.
    const found = await readModel.readHistory(userId, ruleId, historyCursor.decode(query) ?? null, limit + 1);
    const changes = found.slice(0, limit);
    const last = changes.at(-1);
    return {
      userId,
      ruleId,
      items: changes.map(describeChange),
      nextCursor: last === undefined || found.length <= limit ? null : historyCursor.encode(query, last.version),
    };
  });
}
