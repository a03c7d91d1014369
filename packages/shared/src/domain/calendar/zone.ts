import { IANAZone } from 'luxon';
import { findDayStarts, type OffsetAt } from './day-starts';
import { type LocalDay, MILLISECONDS_PER_DAY } from './local-day';

/**
 * A time zone of the IANA database. Days are *monotone*: the day of an instant is the greatest local date reached up to
 * it, so where clocks go back over midnight the first midnight starts the day and the second changes nothing. Right for
 * instants from 1970 on (and to the second's exactness of the database: Monrovia kept −00:44:30 until 1972-01-07).
 */
export interface Zone {
  /** As it was asked for, aliases and letter case included. */
  readonly name: string;
  dayOf(instantMs: number): LocalDay;
  /** The first instant whose day is this one or later; that of the next existing day where this one never was. */
  startOfDay(day: LocalDay): number;
}

// 64 days are learned at a time: about 0.4 ms of work and 512 bytes.
const CHUNK_SHIFT = 6;
const CHUNK_DAYS = 1 << CHUNK_SHIFT;
// 1969-10-29 to 2149: an instant of 1970 may still be 1969 locally. Outside of it nothing is kept.
const FIRST_KEPT_DAY = -CHUNK_DAYS;
const KEPT_CHUNKS = 1024;
/** About 14 MiB for all zones together; past it all are forgotten and learned again as needed. */
const MAX_LEARNED_CHUNKS = 20_000;
/** Letter case is free, so a name has many spellings; past this number they are forgotten. */
const MAX_SPELLINGS = 2048;
const LONGEST_NAME = 64;

/** Starts with a letter: a bare offset such as +05:30, which newer versions of Intl take, is no name. */
const NAME_SHAPE = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,3}$/;
/**
 * Names that only ICU defines. They are ambiguous (BST is Dhaka there, not London; AST is Alaska) and absent from the IANA
 * database, so other systems that read our data would not know them.
 */
const ICU_ONLY = new Set(
  'act aet agt art ast bet bst cat cnt cst ctt eat ect iet ist jst mit net nst plt pnt prt pst sst vst us/pacific-new'.split(
    ' ',
  ),
);

type Learner = Pick<Zone, 'dayOf' | 'startOfDay'> & { readonly forget: () => void };

const zonesBySpelling = new Map<string, Zone>();
// By lower-case name, valid ones only: some 600 at most. Each look-up in Intl costs 30 µs and 10 kB until the next
// garbage collection, which thousands of spellings of one name must not add up to.
const canonicalNames = new Map<string, string>();
// Keyed by ICU's canonical name, so it cannot grow past the number of zones there are.
const learners = new Map<string, Learner>();
let learnedChunks = 0;

/**
 * The zone of a name of the IANA database (aliases such as US/Pacific too, in any letter case); undefined for what is
 * none, which includes offsets (`+05:30`, `UTC+3`) and abbreviations (`BST`). Memory is bounded whatever is asked.
 */
export function findZone(name: string): Zone | undefined {
  const known = zonesBySpelling.get(name);
  if (known !== undefined) {
    return known;
  }
  const canonicalName = findCanonicalName(name);
  if (canonicalName === undefined) {
    return undefined;
  }
  const { dayOf, startOfDay } = findLearner(canonicalName);
  const zone: Zone = { name, dayOf, startOfDay };
  if (zonesBySpelling.size >= MAX_SPELLINGS) {
    zonesBySpelling.clear();
  }
  zonesBySpelling.set(name, zone);
  return zone;
}

/** Whether text gives a distance from UTC (`+05:30`, `UTC+3`, `Z`), the usual mistake in place of a name. */
export function isOffsetLike(text: string): boolean {
  return /^(?:Z|(?:UTC|GMT)?[+\u2212-]\d{1,2}(?::?\d{2})?(?::?\d{2})?)$/i.test(text) && findZone(text) === undefined;
}

function findCanonicalName(name: string): string | undefined {
  if (name.length > LONGEST_NAME || !NAME_SHAPE.test(name)) {
    return undefined;
  }
  const lowerCase = name.toLowerCase();
  const known = canonicalNames.get(lowerCase);
  if (known !== undefined) {
    return known;
  }
  if (ICU_ONLY.has(lowerCase) || lowerCase.startsWith('systemv/')) {
    return undefined;
  }
  try {
    const { timeZone } = new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions();
    canonicalNames.set(lowerCase, timeZone);
    return timeZone;
  } catch {
    return undefined;
  }
}

function findLearner(canonicalName: string): Learner {
  let learner = learners.get(canonicalName);
  if (learner === undefined) {
    const zone = IANAZone.create(canonicalName);
    learner = createLearner((instantMs) => Math.round(zone.offset(instantMs) * 60_000));
    learners.set(canonicalName, learner);
  }
  return learner;
}

function createLearner(offsetAt: OffsetAt): Learner {
  let chunks: (Float64Array | undefined)[] = [];

  function learn(chunkIndex: number): Float64Array {
    if (learnedChunks >= MAX_LEARNED_CHUNKS) {
      learnedChunks = 0;
      for (const learner of learners.values()) {
        learner.forget();
      }
    }
    const starts = findDayStarts(offsetAt, (FIRST_KEPT_DAY + (chunkIndex << CHUNK_SHIFT)) as LocalDay, CHUNK_DAYS);
    chunks[chunkIndex] = starts;
    learnedChunks += 1;
    return starts;
  }

  function startOfDay(day: LocalDay): number {
    const index = day - FIRST_KEPT_DAY;
    const chunkIndex = index >> CHUNK_SHIFT;
    if (chunkIndex < 0 || chunkIndex >= KEPT_CHUNKS) {
      return findDayStarts(offsetAt, day, 1)[0] ?? Number.NaN;
    }
    const starts = chunks[chunkIndex] ?? learn(chunkIndex);
    return starts[index & (CHUNK_DAYS - 1)] ?? Number.NaN;
  }

  function dayOf(instantMs: number): LocalDay {
    const utcDay = Math.floor(instantMs / MILLISECONDS_PER_DAY) as LocalDay;
    const nextDay = (utcDay + 1) as LocalDay;
    // No offset reaches 24 h: the day is one of three. The latest is tried first, since missing days start with it.
    if (instantMs >= startOfDay(nextDay)) {
      return nextDay;
    }
    return instantMs >= startOfDay(utcDay) ? utcDay : ((utcDay - 1) as LocalDay);
  }

  return {
    dayOf,
    startOfDay,
    forget: () => {
      chunks = [];
    },
  };
}
