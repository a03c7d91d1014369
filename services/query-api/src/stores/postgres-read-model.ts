import { createDayTotals } from './postgres/day-totals';
import { createEventRecords } from './postgres/event-records';
import { createFriendRows } from './postgres/friend-rows';
import { createHistoryRows } from './postgres/history-rows';
import { createPostgresQuery, type PostgresQueryOptions } from './postgres/postgres-query';
import { createSettingsRows } from './postgres/settings-rows';
import { createStreakRows } from './postgres/streak-rows';
import type { ReadModel } from './read-model';

export function createPostgresReadModel(options: PostgresQueryOptions): ReadModel {
  const query = createPostgresQuery(options);
  return {
    ...createStreakRows(query),
    ...createDayTotals(query),
    ...createSettingsRows(query),
    ...createEventRecords(query),
    ...createHistoryRows(query),
    ...createFriendRows(query),
    async ping() {
      await query('ping', 'SELECT 1', []);
    },
  };
}
