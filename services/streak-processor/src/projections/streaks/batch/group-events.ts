import type { DecodedRecord } from '@streaks/exactly-once/projection';
import type { DecodedCheckIn, DecodedSession, UserEvent } from '@streaks/shared/contracts/user-event';
import type { CorrectionRecord } from '../corrections/plan-corrections';

/** The records of a batch by what they are; each list in record order. */
export interface GroupedEvents {
  readonly sessions: readonly DecodedRecord<DecodedSession>[];
  readonly checkIns: readonly DecodedRecord<DecodedCheckIn>[];
  readonly corrections: readonly CorrectionRecord[];
}

export function groupEvents(records: readonly DecodedRecord<UserEvent>[]): GroupedEvents {
  // Most batches are sessions alone.
  if (records.every(isSession)) return { sessions: records, checkIns: [], corrections: [] };
  const checkIns: DecodedRecord<DecodedCheckIn>[] = [];
  const corrections: CorrectionRecord[] = [];
  for (const { source, event } of records) {
    if (event.kind === 'check-in') checkIns.push({ source, event });
    else if (event.kind !== 'session') corrections.push({ source, event });
  }
  return { sessions: records.filter(isSession), checkIns, corrections };
}

function isSession(record: DecodedRecord<UserEvent>): record is DecodedRecord<DecodedSession> {
  return record.event.kind === 'session';
}
