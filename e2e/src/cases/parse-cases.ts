/** One worked example: sessions in, and what must be answered as of an instant. */
export interface StreakCase {
  readonly name: string;
  readonly thresholdMinutes: number;
  readonly asOf: string;
  readonly asOfTimezone: string;
  readonly sessions: readonly CaseSession[];
  readonly expect: CaseExpectation;
}

export interface CaseSession {
  readonly sessionId: string;
  readonly startTime: string;
  readonly endTime: string;
  readonly timezone: string;
}

export interface CaseExpectation {
  /** Every day with time on it, by ISO date. */
  readonly dailySeconds: Readonly<Record<string, number>>;
  readonly currentStreak: number;
  readonly longestStreak: number;
  readonly lastQualifiedDate: string | null;
  readonly qualifiedDaysCount: number;
}

/** A line of the file that is no case. `message` names the line and everything that is wrong with it. */
export class CaseFileError extends Error {
  override readonly name = 'CaseFileError';
}

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value !== '';
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isDateOrNull: Check = (value) => value === null || (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value));

const CASE_FIELDS: Readonly<Record<string, Check>> = {
  name: isText,
  thresholdMinutes: (value) => typeof value === 'number' && value > 0,
  asOf: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  asOfTimezone: isText,
  sessions: Array.isArray,
  expect: isFields,
};
const SESSION_FIELDS: Readonly<Record<string, Check>> = {
  sessionId: isText,
  startTime: isText,
  endTime: isText,
  timezone: isText,
};
const EXPECT_FIELDS: Readonly<Record<string, Check>> = {
  dailySeconds: (value) =>
    isFields(value) && Object.entries(value).every(([date, seconds]) => isDateOrNull(date) && isCount(seconds)),
  currentStreak: isCount,
  longestStreak: isCount,
  lastQualifiedDate: isDateOrNull,
  qualifiedDaysCount: isCount,
};

/** Reads JSON Lines; empty lines are passed over. Throws one CaseFileError that names every faulty line. */
export function parseCases(text: string): StreakCase[] {
  const cases: StreakCase[] = [];
  const faults: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const found = parseLine(line);
    if (typeof found === 'string') faults.push(`line ${index + 1}: ${found}`);
    else cases.push(found);
  }
  if (faults.length > 0) throw new CaseFileError(faults.join('\n'));
  return cases;
}

function parseLine(line: string): StreakCase | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return `no JSON (${(error as Error).message})`;
  }
  if (!isFields(value)) return 'not an object';
  const wrong = wrongFields(value, CASE_FIELDS, '');
  const { sessions, expect } = value;
  if (Array.isArray(sessions)) {
    for (const [index, session] of sessions.entries()) {
      const path = `sessions[${index}]`;
      if (isFields(session)) wrong.push(...wrongFields(session, SESSION_FIELDS, `${path}.`));
      else wrong.push(path);
    }
  }
  if (isFields(expect)) wrong.push(...wrongFields(expect, EXPECT_FIELDS, 'expect.'));
  return wrong.length > 0 ? `missing or wrong: ${wrong.join(', ')}` : (value as unknown as StreakCase);
}

function wrongFields(value: Fields, checks: Readonly<Record<string, Check>>, path: string): string[] {
  return Object.entries(checks)
    .filter(([field, holds]) => !holds(value[field]))
    .map(([field]) => `${path}${field}`);
}
