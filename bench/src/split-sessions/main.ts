import { performance } from 'node:perf_hooks';
import { splitAtLocalMidnights } from '@streaks/shared/domain/calendar/split-session';
import { findZone, type Zone } from '@streaks/shared/domain/calendar/zone';
import { splitNaively } from './naive-splitter';

/**
 * Sessions split at local midnights per second on one core, beside a splitter written the obvious way with luxon, in the
 * same run and on the same sessions; both must find the same days and milliseconds.
 *   node --conditions=streaks-source --import tsx bench/src/split-sessions/main.ts
 */
const ZONE_NAMES = [
  'America/New_York',
  'Europe/London',
  'Asia/Tokyo',
  'Europe/Berlin',
  'America/Sao_Paulo',
  'Australia/Sydney',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'Atlantic/Azores',
  'Asia/Beirut',
  'Africa/Casablanca',
  'America/St_Johns',
  'Pacific/Chatham',
  'America/Havana',
  'America/Asuncion',
  'America/Santiago',
  'Africa/Cairo',
  'Asia/Gaza',
  'America/Nuuk',
  'Pacific/Tongatapu',
  'America/Los_Angeles',
  'Asia/Shanghai',
  'Africa/Lagos',
  'America/Mexico_City',
  'Europe/Moscow',
  'UTC',
] as const;

const SESSIONS = 200_000;
const NAIVE_SESSIONS = 10_000;
const ROUNDS = 15;
const FROM_MS = Date.UTC(2023, 10, 1);
const SPAN_MS = 730 * 86_400_000;

interface Sessions {
  readonly startsMs: Float64Array;
  readonly endsMs: Float64Array;
  readonly zones: readonly Zone[];
}

function createSessions(zoneNames: readonly string[]): Sessions {
  const zones = zoneNames.map((name) => findZone(name)).filter((zone) => zone !== undefined);
  const random = createRandom(20_251_115);
  const startsMs = Float64Array.from({ length: SESSIONS }, () => FROM_MS + Math.floor(random() * SPAN_MS));
  // 5 to 125 minutes: about one in 22 crosses a midnight, some at the seam of a clock change.
  const endsMs = startsMs.map((startMs) => startMs + 300_000 + Math.floor(random() * 7_200_000));
  return { startsMs, endsMs, zones: Array.from({ length: SESSIONS }, (_, index) => at(zones, index % zones.length)) };
}

function measure(zoneNames: readonly string[]): { ours: number; naive: number } {
  const sessions = createSessions(zoneNames);
  const naive = rate(NAIVE_SESSIONS, () => foldAll(sessions, NAIVE_SESSIONS, splitNaively));
  const expected = naive.checksum;
  const check = foldAll(sessions, NAIVE_SESSIONS, splitAtLocalMidnights);
  if (check !== expected) {
    throw new Error(`the two splitters disagree: ${check} and ${expected}`);
  }
  const rounds = Array.from({ length: ROUNDS }, () =>
    rate(SESSIONS, () => foldAll(sessions, SESSIONS, splitAtLocalMidnights)),
  );
  const rates = rounds.map(({ perSecond }) => perSecond).sort((one, other) => one - other);
  return { ours: at(rates, ROUNDS >> 1), naive: naive.perSecond };
}

function foldAll(sessions: Sessions, count: number, split: typeof splitAtLocalMidnights): number {
  let checksum = 0;
  const emit = (day: number, milliseconds: number): void => {
    checksum = (checksum + day * 31 + milliseconds) % 9_007_199_254;
  };
  for (let index = 0; index < count; index += 1) {
    split(at(sessions.startsMs, index), at(sessions.endsMs, index), at(sessions.zones, index), emit);
  }
  return checksum;
}

function rate(count: number, run: () => number): { perSecond: number; checksum: number } {
  const before = performance.now();
  const checksum = run();
  return { perSecond: (count * 1000) / (performance.now() - before), checksum };
}

function at<Item>(items: { readonly [index: number]: Item }, index: number): Item {
  const item = items[index];
  if (item === undefined) {
    throw new RangeError(`nothing at ${index}`);
  }
  return item;
}

/** mulberry32: the same sessions in every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function format(label: string, { ours, naive }: { ours: number; naive: number }): string {
  const perSecond = (value: number): string => `${Math.round(value).toLocaleString('en-US').padStart(12)}/s`;
  return `${label.padEnd(10)}${perSecond(ours)}  luxon alone${perSecond(naive)}  ratio ${(ours / naive).toFixed(0)}`;
}

console.log('sessions split at local midnights, one core (median of 15 rounds)');
console.log(format('1 zone', measure(ZONE_NAMES.slice(0, 1))));
console.log(format('30 zones', measure(ZONE_NAMES)));
