import { parseInstant } from '@streaks/shared/domain/instant';
import { type LocalDay, parseIsoDate } from '@streaks/shared/domain/local-day';
import { isValidId, MAX_ID_LENGTH } from '@streaks/shared/domain/session';
import { findZone, isOffsetLike, type Zone } from '@streaks/shared/domain/zone';
import { type ProblemFault, problem } from '@streaks/shared/errors/problem';
import type { DayRange } from '../stores/read-model';
import type { Moment } from '../streaks/streak-answers';

/** Most users of one batch. */
export const MAX_BATCH_USERS = 1_000;
/** Most days of one answer; a closed range must not be longer. */
export const MAX_DAYS = 1_000;

/** What a request gives, by name: the query string or a JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

const ID_RULE = `must be 1 to ${MAX_ID_LENGTH} characters of well-formed Unicode without control characters or whitespace`;

/** Reads the parts of one request and names every fault at the end. */
export interface RequestParser {
  id(field: string, value: unknown): string;
  /** `at` and `timezone`, both optional. */
  moment(fields: Fields): Moment;
  /** `timezone`, optional. */
  zone(fields: Fields): Zone | undefined;
  /** `from` and `to`, both optional and included. */
  dayRange(fields: Fields): DayRange;
  userIds(fields: Fields): readonly string[];
  /** @throws {HttpProblem} 400 with every fault, if there was one. Values read before are meaningless then. */
  finish(): void;
}

export function createRequestParser(): RequestParser {
  const faults: ProblemFault[] = [];

  function refuse(field: string, code: string, message: string): undefined {
    faults.push({ field, code, message: `${field} ${message}` });
    return undefined;
  }

  function optionalText(fields: Fields, field: string): string | undefined {
    const value = fields[field];
    if (value === undefined || typeof value === 'string') {
      return value;
    }
    return refuse(field, 'NOT_A_TEXT', Array.isArray(value) ? 'must be given once' : 'must be a text');
  }

  function id(field: string, value: unknown): string {
    if (typeof value === 'string' && isValidId(value)) {
      return value;
    }
    refuse(field, 'INVALID_ID', ID_RULE);
    return '';
  }

  function instant(fields: Fields, field: string): number | undefined {
    const text = optionalText(fields, field);
    if (text === undefined) {
      return undefined;
    }
    const instantMs = parseInstant(restorePlus(text));
    if (instantMs === undefined) {
      const form = 'must be an existing date and time with an offset, such as 2025-01-15T10:00:00Z';
      return refuse(field, 'NOT_AN_INSTANT', form);
    }
    return instantMs < 0 ? refuse(field, 'BEFORE_1970', 'must not be before 1970-01-01T00:00:00Z') : instantMs;
  }

  function zone(fields: Fields): Zone | undefined {
    const text = optionalText(fields, 'timezone');
    if (text === undefined) {
      return undefined;
    }
    const name = restorePlus(text);
    const found = findZone(name);
    if (found === undefined) {
      const code = isOffsetLike(name) ? 'OFFSET_TIMEZONE' : 'UNKNOWN_TIMEZONE';
      return refuse('timezone', code, 'must be a name of the IANA database such as Europe/London');
    }
    return found;
  }

  function day(fields: Fields, field: string): LocalDay | null {
    const text = optionalText(fields, field);
    const parsed = text === undefined ? undefined : parseIsoDate(text);
    if (text !== undefined && parsed === undefined) {
      refuse(field, 'NOT_A_DATE', 'must be an existing date such as 2025-01-15');
    }
    return parsed ?? null;
  }

  return {
    id,
    zone,
    moment(fields) {
      return { atMs: instant(fields, 'at'), zone: zone(fields) };
    },
    dayRange(fields) {
      const from = day(fields, 'from');
      const to = day(fields, 'to');
      if (from !== null && to !== null && to < from) {
        refuse('to', 'TO_BEFORE_FROM', 'must not be before from');
      } else if (from !== null && to !== null && to - from >= MAX_DAYS) {
        refuse('to', 'RANGE_TOO_LONG', `must be at most ${MAX_DAYS - 1} days after from`);
      }
      return { from, to };
    },
    userIds(fields) {
      const value = fields['userIds'];
      if (!Array.isArray(value)) {
        refuse('userIds', 'NOT_A_LIST', 'must be a list of user ids');
        return [];
      }
      if (value.length > MAX_BATCH_USERS) {
        refuse('userIds', 'TOO_MANY', `must hold at most ${MAX_BATCH_USERS} user ids`);
        return [];
      }
      return value.map((userId: unknown, index) => id(`userIds[${index}]`, userId));
    },
    finish() {
      if (faults.length > 0) {
        throw problem({ code: 'STREAKS_INVALID_REQUEST', errors: faults });
      }
    },
  };
}

/** A + that was not written %2B arrives as a space, which neither an instant nor a zone's name has. */
function restorePlus(text: string): string {
  return text.replaceAll(' ', '+');
}
