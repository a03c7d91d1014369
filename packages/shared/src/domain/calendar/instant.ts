import {
  FIRST_LOCAL_DAY,
  LAST_LOCAL_DAY,
  type LocalDay,
  MILLISECONDS_PER_DAY,
  parseIsoDatePrefix,
  readTwoDigits,
  toIsoDate,
} from './local-day';

/** 0001-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z in epoch milliseconds. */
export const FIRST_INSTANT_MS = FIRST_LOCAL_DAY * MILLISECONDS_PER_DAY;
export const LAST_INSTANT_MS = (LAST_LOCAL_DAY + 1) * MILLISECONDS_PER_DAY - 1;

const COLON = 0x3a;
const DOT = 0x2e;
const CAPITAL_T = 0x54;
const CAPITAL_Z = 0x5a;
const PLUS = 0x2b;
const MINUS = 0x2d;
const MAX_FRACTION_DIGITS = 9;
// "2025-01-15T10:00Z" and "2025-01-15T10:00:00.123456789+05:30"
const MIN_LENGTH = 17;
const MAX_LENGTH = 35;

/**
 * Epoch milliseconds of an ISO 8601 / RFC 3339 date-time: `YYYY-MM-DDThh:mm[:ss[.f]](Z|±hh:mm)`. Stricter than
 * `Date.parse`, whose leniency differs per engine: the offset is required (without one the instant would depend on where
 * the process runs), letters are capitals, dates exist in the calendar, hours end at 23 and seconds at 59. The fraction
 * has 1 to 9 digits; what is below a millisecond is cut off. Undefined for everything else.
 */
export function parseInstant(text: string): number | undefined {
  const length = text.length;
  if (length < MIN_LENGTH || length > MAX_LENGTH || text.charCodeAt(10) !== CAPITAL_T) {
    return undefined;
  }
  const day = parseIsoDatePrefix(text);
  const hours = readTwoDigits(text, 11);
  const minutes = readTwoDigits(text, 14);
  if (day === undefined || !(hours <= 23) || !(minutes <= 59) || text.charCodeAt(13) !== COLON) {
    return undefined;
  }
  let at = 16;
  let milliseconds = 0;
  if (text.charCodeAt(at) === COLON) {
    const seconds = readTwoDigits(text, at + 1);
    const end = text.charCodeAt(at + 3) === DOT ? fractionEnd(text, at + 4) : at + 3;
    if (!(seconds <= 59) || end === undefined) {
      return undefined;
    }
    milliseconds = seconds * 1000 + fractionMilliseconds(text, at + 4, end);
    at = end;
  }
  const offsetMinutes = readOffsetMinutes(text, at);
  if (offsetMinutes === undefined) {
    return undefined;
  }
  const instantMs = day * MILLISECONDS_PER_DAY + (hours * 60 + minutes - offsetMinutes) * 60_000 + milliseconds;
  // An offset may carry the first or last date out of the years that can be written back.
  return instantMs >= FIRST_INSTANT_MS && instantMs <= LAST_INSTANT_MS ? instantMs : undefined;
}

/** `YYYY-MM-DDThh:mm:ss.sssZ`. Throws RangeError for what is no whole millisecond of the years 0001–9999. */
export function formatInstant(instantMs: number): string {
  if (!Number.isInteger(instantMs) || instantMs < FIRST_INSTANT_MS || instantMs > LAST_INSTANT_MS) {
    throw new RangeError(`no instant of the years 0001-9999 is ${instantMs} ms`);
  }
  const day = Math.floor(instantMs / MILLISECONDS_PER_DAY) as LocalDay;
  const ofDay = instantMs - day * MILLISECONDS_PER_DAY;
  const minutes = Math.trunc(ofDay / 60_000);
  const milliseconds = ofDay % 60_000;
  const time = `${twoDigits(Math.trunc(minutes / 60))}:${twoDigits(minutes % 60)}`;
  const seconds = `${twoDigits(Math.trunc(milliseconds / 1000))}.${String(milliseconds % 1000).padStart(3, '0')}`;
  return `${toIsoDate(day)}T${time}:${seconds}Z`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

/** Where the digits that begin at a position end, or undefined if there are none or too many. */
function fractionEnd(text: string, start: number): number | undefined {
  let at = start;
  while (isDigit(text.charCodeAt(at))) {
    at += 1;
  }
  return at > start && at - start <= MAX_FRACTION_DIGITS ? at : undefined;
}

/** 0 where there is no fraction, since the end then lies before the start. */
function fractionMilliseconds(text: string, start: number, end: number): number {
  let milliseconds = 0;
  for (let place = 0, worth = 100; place < 3 && start + place < end; place += 1, worth /= 10) {
    milliseconds += (text.charCodeAt(start + place) - 0x30) * worth;
  }
  return milliseconds;
}

function isDigit(charCode: number): boolean {
  return charCode >= 0x30 && charCode <= 0x39;
}

/** Reads `Z` or `±hh:mm`, which must end the text. */
function readOffsetMinutes(text: string, at: number): number | undefined {
  const sign = text.charCodeAt(at);
  if (sign === CAPITAL_Z) {
    return text.length === at + 1 ? 0 : undefined;
  }
  if ((sign !== PLUS && sign !== MINUS) || text.length !== at + 6 || text.charCodeAt(at + 3) !== COLON) {
    return undefined;
  }
  const hours = readTwoDigits(text, at + 1);
  const minutes = readTwoDigits(text, at + 4);
  if (!(hours <= 23) || !(minutes <= 59)) {
    return undefined;
  }
  return sign === PLUS ? hours * 60 + minutes : -(hours * 60 + minutes);
}
