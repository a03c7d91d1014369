import type { LocalDay } from '../../domain/calendar/local-day';
import type { Run } from '../../domain/streaks/runs';
import type { StreakState } from '../../domain/streaks/streak-state';
import { decodeBridging, encodeBridging } from './bridging-value';
import type { StreakLookup, StreakWrite } from './streak-store';

const TOMBSTONE = '-';
const VALUE = /^(\d{1,16}):(\d{1,16}):/;
const MISS: StreakLookup = Object.freeze({ kind: 'miss' });

/**
 * `<generation>:<version>:<json>`; a deleted state is `<generation>:<version>:-`. Both numbers lead in plain digits because
 * the compare-and-set script reads them as numbers. The json has `r` `[[firstDay,length],...]`, `z` `"America/New_York"` or
 * null and `u`, the milliseconds of `updatedAtMs` (0 where a value of an older release has none); where there is any bridging
 * also `b`, see `encodeBridging`; of those who are unlisted also `h` 1.
 *
 * @throws {RangeError} for a generation or version above 2^53 − 1: Lua would compare them inexactly.
 */
export function encodeStreakValue(write: StreakWrite): string {
  const generation = Number(write.generation);
  const version = write.state === null ? write.version : write.state.version;
  if (!isCount(generation) || !isCount(version)) {
    throw new RangeError(
      `generation ${write.generation} and version ${version} must be whole numbers from 0 to 2^53-1`,
    );
  }
  return `${generation}:${version}:${write.state === null ? TOMBSTONE : encodeState(write.state)}`;
}

/** What a stored value says; a value that is not ours reads as a miss, so that it is written over. */
export function decodeStreakValue(value: string | null): StreakLookup {
  const head = value === null ? null : VALUE.exec(value);
  if (value === null || head === null) {
    return MISS;
  }
  const generation = BigInt(head[1] ?? 0);
  const version = Number(head[2]);
  const body = value.slice(head[0].length);
  if (body === TOMBSTONE) {
    return { kind: 'deleted', generation, version };
  }
  const state = decodeState(body, version);
  return state === undefined ? MISS : { kind: 'found', state, generation };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function encodeState({ runs, timezone, updatedAtMs, bridging, isUnlisted }: StreakState): string {
  let pairs = '';
  for (const { first, length } of runs) {
    pairs += pairs === '' ? `[${first},${length}]` : `,[${first},${length}]`;
  }
  const zone = timezone === null ? 'null' : JSON.stringify(timezone);
  const bridged = bridging === undefined ? '' : `,"b":${encodeBridging(bridging)}`;
  return `{"r":[${pairs}],"z":${zone},"u":${updatedAtMs}${bridged}${isUnlisted ? ',"h":1' : ''}}`;
}

type Body = {
  readonly r?: unknown;
  readonly z?: unknown;
  readonly u?: unknown;
  readonly b?: unknown;
  readonly h?: unknown;
} | null;

function decodeState(json: string, version: number): StreakState | undefined {
  let body: Body;
  try {
    body = JSON.parse(json) as Body;
  } catch {
    return undefined;
  }
  const timezone = body?.z;
  const updatedAtMs = body?.u ?? 0;
  const bridging = body?.b === undefined ? undefined : decodeBridging(body.b);
  if (
    !Array.isArray(body?.r) ||
    !(timezone === null || typeof timezone === 'string') ||
    !Number.isSafeInteger(updatedAtMs) ||
    (bridging === undefined && body.b !== undefined)
  ) {
    return undefined;
  }
  const runs: Run[] = [];
  for (const pair of body.r as readonly unknown[]) {
    if (!isPair(pair)) {
      return undefined;
    }
    runs.push({ first: pair[0] as LocalDay, length: pair[1] });
  }
  const state: StreakState = { runs, timezone, version, updatedAtMs: updatedAtMs as number };
  // Most have neither: they are not copied.
  return bridging === undefined && body.h !== 1
    ? state
    : { ...state, ...(bridging && { bridging }), ...(body.h === 1 && { isUnlisted: true }) };
}

function isPair(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && Number.isInteger(value[0]) && Number.isInteger(value[1]) && value[1] > 0;
}
