/** Local days of a zone, computed from nothing but `Intl.DateTimeFormat`. Days are counted from 1970-01-01. */
export interface ReferenceZone {
  /** The first instant of the day. A date that the zone never had starts, and ends, where the next one does. */
  startOf(day: number): number;
  /** The day that the instant belongs to. A day once begun does not end when clocks go back over its midnight. */
  dayOf(ms: number): number;
}

const DAY_MS = 86_400_000;
const SAMPLE_MS = 900_000;
/** No zone is farther from UTC than this, so a local midnight lies within this of the same date's midnight in UTC. */
const REACH_MS = 27 * 3_600_000;

const zones = new Map<string, ReferenceZone>();

export function referenceZone(name: string): ReferenceZone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = createZone(name);
  zones.set(name, zone);
  return zone;
}

function createZone(name: string): ReferenceZone {
  const offsetAt = createOffsetReader(name);
  const localDay = (ms: number): number => Math.floor((ms + offsetAt(ms)) / DAY_MS);
  const starts = new Map<number, number>();
  const startOf = (day: number): number => {
    let start = starts.get(day);
    if (start === undefined) {
      start = findStart(day, offsetAt, localDay);
      starts.set(day, start);
    }
    return start;
  };
  const dayOf = (ms: number): number => {
    let day = Math.floor(ms / DAY_MS) - 2;
    while (startOf(day + 1) <= ms) day += 1;
    return day;
  };
  return { startOf, dayOf };
}

/**
 * The first instant at which the local date is `day` or later. It is either a local midnight or an instant at which the
 * clocks were moved over one, so those are all the candidates.
 */
function findStart(day: number, offsetAt: (ms: number) => number, localDay: (ms: number) => number): number {
  const from = day * DAY_MS - REACH_MS;
  const candidates = [day * DAY_MS - offsetAt(from)];
  for (let ms = from; ms < day * DAY_MS + REACH_MS; ms += SAMPLE_MS) {
    const [before, after] = [offsetAt(ms), offsetAt(ms + SAMPLE_MS)];
    if (before === after) continue;
    candidates.push(changeBetween(ms, ms + SAMPLE_MS, offsetAt), day * DAY_MS - after);
  }
  const start = candidates.sort((a, b) => a - b).find((ms) => localDay(ms) >= day);
  if (start === undefined) throw new Error(`no start of day ${day}`);
  return start;
}

function changeBetween(beforeMs: number, afterMs: number, offsetAt: (ms: number) => number): number {
  const before = offsetAt(beforeMs);
  let [low, high] = [beforeMs, afterMs];
  while (high - low > 1_000) {
    const middle = Math.floor((low + high) / 2_000) * 1_000;
    if (middle <= low) break;
    if (offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** Milliseconds that the zone is ahead of UTC. */
function createOffsetReader(timeZone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const known = new Map<number, number>();
  return (ms) => {
    const secondMs = Math.floor(ms / 1_000) * 1_000;
    let offset = known.get(secondMs);
    if (offset === undefined) {
      const [month = 0, dayOfMonth = 0, year = 0, hour = 0, minute = 0, second = 0] = (
        format.format(secondMs).match(/\d+/g) ?? []
      ).map(Number);
      offset = Date.UTC(year, month - 1, dayOfMonth, hour, minute, second) - secondMs;
      known.set(secondMs, offset);
    }
    return offset;
  };
}
