import { formatInstant } from '@streaks/shared/domain/calendar/instant';
import { type LocalDay, toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import type { z } from 'zod';
import type { ChangedFigures, StreakChange } from '../stores/read-model';
import type { streakChangeSchema } from './history-documents';

/** One item of `/history`, and the data of one event of `/stream`. */
export type StreakChangeAnswer = z.infer<typeof streakChangeSchema>;

export function describeChange(change: StreakChange): StreakChangeAnswer {
  return {
    ruleId: change.ruleId,
    changeType: change.changeType,
    qualifiedDate: dateOrNull(change.qualifiedDate),
    before: showFigures(change.before),
    after: showFigures(change.after),
    versionBefore: change.version - 1,
    versionAfter: change.version,
    timezone: change.timezone,
    requestId: change.requestId,
    source: change.source,
    recordedAt: formatInstant(change.recordedAtMs),
    eventId: change.eventId,
  };
}

function showFigures(figures: ChangedFigures): StreakChangeAnswer['before'] {
  return { ...figures, lastQualifiedDate: dateOrNull(figures.lastQualifiedDate) };
}

function dateOrNull(day: LocalDay | null): string | null {
  return day === null ? null : toIsoDate(day);
}
