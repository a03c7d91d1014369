import type { DecodedRecord } from '@streaks/exactly-once/projection';
import type { DecodedErasure, DecodedRetraction, DecodedSettings } from '@streaks/shared/contracts/user-event';
import type { SettingsChange } from '@streaks/shared/domain/settings/settings-change';
import {
  addChange,
  noSettings,
  type StoredSettings,
  withoutRecordedUpTo,
} from '@streaks/shared/domain/settings/stored-settings';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import { recordTimeOf } from '../../../engines/decode-records';
import { type SpecialUser, type SpecialUsers, usualUser } from '../specials/special-user';

/** An event that changes what other events count. */
export type Correction = DecodedRetraction | DecodedSettings | DecodedErasure;
export type CorrectionRecord = DecodedRecord<Correction>;

/** A session that is retracted, with the latest record time of its retractions. */
export interface PlannedRetraction {
  readonly sessionId: string;
  readonly recordTimeMs: number;
}

/** What a batch's corrections mean for one user. */
export interface UserPlan {
  readonly userId: string;
  readonly before: SpecialUser;
  readonly after: SpecialUser;
  /** Place of the erasure that goes beyond the one before, if there is one. */
  readonly erasure: number | undefined;
  /** By the bytes of their id, each once. */
  readonly retractions: readonly PlannedRetraction[];
  /** Place of the last correction that counts. */
  readonly last: number;
}

export interface CorrectionPlan {
  /** Of the users whom a correction changes, by the bytes of their id. */
  readonly users: readonly UserPlan[];
  /** By the place of the record. Whether a retraction is a duplicate, the store says. */
  readonly verdicts: readonly CorrectionVerdict[];
}

export type CorrectionVerdict = 'processed' | 'duplicate' | 'erased';

/**
 * What a batch's corrections mean, whatever their order in it: erasures come first, and what was recorded up to one is as if it had
 * never been.
 */
export function planCorrections(records: readonly CorrectionRecord[], specials: SpecialUsers): CorrectionPlan {
  const verdicts = new Array<CorrectionVerdict>(records.length).fill('duplicate');
  const placesOf = new Map<string, number[]>();
  for (const [place, { event }] of records.entries()) {
    const places = placesOf.get(event.userId);
    if (places === undefined) placesOf.set(event.userId, [place]);
    else places.push(place);
  }
  const users: UserPlan[] = [];
  for (const userId of [...placesOf.keys()].sort(compareUtf8)) {
    const places = placesOf.get(userId) ?? [];
    const plan = planUser(userId, specials.get(userId) ?? usualUser, records, places, verdicts);
    if (plan !== undefined) users.push(plan);
  }
  return { users, verdicts };
}

function planUser(
  userId: string,
  before: SpecialUser,
  records: readonly CorrectionRecord[],
  places: readonly number[],
  verdicts: CorrectionVerdict[],
): UserPlan | undefined {
  const recordTimeAt = (place: number): number => recordTimeOf((records[place] as CorrectionRecord).source);
  const erasure = latestErasure(records, places, before.erasedAtMs);
  const erasedAtMs = erasure === undefined ? before.erasedAtMs : recordTimeAt(erasure);
  let settings = erasure === undefined ? before.settings : withoutRecordedUpTo(before.settings, erasedAtMs);
  const retractions = new Map<string, PlannedRetraction>();
  let last = erasure ?? -1;
  for (const place of places) {
    const { event } = records[place] as CorrectionRecord;
    const recordTimeMs = recordTimeAt(place);
    if (event.kind === 'erasure') {
      if (recordTimeMs > before.erasedAtMs) verdicts[place] = 'processed';
      continue;
    }
    if (recordTimeMs <= erasedAtMs) {
      verdicts[place] = 'erased';
      continue;
    }
    if (event.kind === 'settings') {
      if (!hasChange(settings, event.change)) verdicts[place] = 'processed';
      settings = addChange(settings, event.change, recordTimeMs);
    } else {
      const { sessionId } = event;
      if (!retractions.has(sessionId)) verdicts[place] = 'processed';
      const latestMs = Math.max(retractions.get(sessionId)?.recordTimeMs ?? recordTimeMs, recordTimeMs);
      retractions.set(sessionId, { sessionId, recordTimeMs: latestMs });
    }
    last = Math.max(last, place);
  }
  if (last < 0) return undefined;
  const hasRetractions = before.hasRetractions || retractions.size > 0;
  return {
    userId,
    before,
    after: { hasRetractions, erasedAtMs, settings: Object.keys(settings).length === 0 ? noSettings : settings },
    erasure,
    retractions: [...retractions.values()].sort((one, other) => compareUtf8(one.sessionId, other.sessionId)),
    last,
  };
}

/** The place of the erasure recorded last, of those recorded after an instant. */
function latestErasure(
  records: readonly CorrectionRecord[],
  places: readonly number[],
  afterMs: number,
): number | undefined {
  let latest: number | undefined;
  let latestMs = afterMs;
  for (const place of places) {
    const { source, event } = records[place] as CorrectionRecord;
    const recordTimeMs = recordTimeOf(source);
    if (event.kind !== 'erasure' || recordTimeMs <= latestMs) continue;
    latest = place;
    latestMs = recordTimeMs;
  }
  return latest;
}

/** Whether a change of that id is among those that count. */
function hasChange(settings: StoredSettings, { changeId }: SettingsChange): boolean {
  return Object.values(settings).some((entries) => entries.some((entry) => entry.changeId === changeId));
}
