import { settingsCandidateOf } from '@streaks/shared/contracts/records/settings-fields';
import { formatInstant } from '@streaks/shared/domain/calendar/instant';
import { type LocalDay, toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import { findZone } from '@streaks/shared/domain/calendar/zone';
import type { EventLimits, Fault } from '@streaks/shared/domain/events/faults';
import {
  type SettingField,
  type SettingsCandidate,
  type SettingsChange,
  settingsFaults,
} from '@streaks/shared/domain/settings/settings-change';
import type { ProblemFault } from '@streaks/shared/errors/problem';
import type { z } from 'zod';
import { pathFaults } from '../http/path-ids';
import { bodyFaults, type JsonObject } from '../http/request-faults';

export type ChangeRequest = {
  readonly body: JsonObject;
  readonly schema: z.ZodType;
  /** The settings that a body of this schema may have. */
  readonly fields: readonly SettingField[];
  /** Names the change: one with the same id states the same wish again. */
  readonly idempotencyKey: string | undefined;
  readonly newId: () => string;
  /** With the time of the request as the record's time. */
  readonly limits: EventLimits;
};

const MILLISECONDS_PER_DAY = 86_400_000;

/** The change of settings that a body asks for, made now, or every fault of it. */
export function judgeChange(
  request: ChangeRequest,
): { readonly change: SettingsChange } | { readonly faults: readonly ProblemFault[] } {
  const { body, schema, fields, idempotencyKey, newId, limits } = request;
  const candidate: SettingsCandidate = {
    ...settingsCandidateOf({ ...body, pauses: inDomainTerms(body['pauses']) }, fields),
    changeId: idempotencyKey ?? newId(),
    changedAtMs: limits.recordTimeMs,
    ...(body['effectiveFrom'] === undefined ? { effectiveFrom: todayIn(body['timezone'], limits.recordTimeMs) } : {}),
  };
  const ruleFaults = settingsFaults(candidate, limits).filter(({ field }) => field !== 'changeId');
  const faults = [
    ...pathFaults(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
    ...bodyFaults(schema, body, ruleFaults.map(inTermsOfBody)),
    ...(fields.some((field) => body[field] !== undefined) ? [] : [nothingChanged]),
  ];
  // Without faults the candidate is a change: settingsFaults has checked the type of every field.
  return faults.length === 0 ? { change: candidate as SettingsChange } : { faults };
}

/** What an answer tells of a change. */
export function describeChange({ changeId, changedAtMs, effectiveFrom }: SettingsChange) {
  return { changeId, changedAt: formatInstant(changedAtMs), effectiveFrom: toIsoDate(effectiveFrom) };
}

const nothingChanged: ProblemFault = { field: '', code: 'EMPTY', message: 'the body must have at least one setting' };

/** In UTC without a zone, or with one that is none. */
function todayIn(timezone: unknown, nowMs: number): LocalDay {
  const zone = typeof timezone === 'string' ? findZone(timezone) : undefined;
  return zone === undefined ? (Math.floor(nowMs / MILLISECONDS_PER_DAY) as LocalDay) : zone.dayOf(nowMs);
}

/** A range of dates is `from` and `to` over HTTP, as in queries; `first` and `last` in the log. */
function inDomainTerms(pauses: unknown): unknown {
  return Array.isArray(pauses) ? pauses.map(rangeInDomainTerms) : pauses;
}

function rangeInDomainTerms(range: unknown): unknown {
  if (typeof range !== 'object' || range === null) return range;
  const { from: first, to: last } = range as { readonly from?: unknown; readonly to?: unknown };
  return { first, last };
}

function inTermsOfBody({ field, code, message }: Fault): Fault {
  const renamed = field.replace(/^(pauses\[\d+\])\.first$/, '$1.from').replace(/^(pauses\[\d+\])\.last$/, '$1.to');
  const told =
    code === 'LAST_BEFORE_FIRST'
      ? `${renamed} must not be before ${renamed.replace(/to$/, 'from')}`
      : message.replace(field, renamed);
  return { field: renamed, code, message: told };
}
