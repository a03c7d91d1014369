import { UsageError } from './outcomes';

/** Values of options as `node:util` parseArgs gives them. */
export type OptionValues = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

const DURATION_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const MAX_BIGINT = 2n ** 63n - 1n;

/** @throws UsageError for anything but digits within the range */
export function wholeOption(values: OptionValues, name: string): bigint | undefined {
  const text = textOption(values, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,19}$/.test(text) ? BigInt(text) : -1n;
  if (value < 0n || value > MAX_BIGINT) throw new UsageError(`--${name} takes a whole number, not ${quote(text)}`);
  return value;
}

/** A whole number that fits 32 bits: a partition, a shard, a count. */
export function smallOption(values: OptionValues, name: string): number | undefined {
  const value = wholeOption(values, name);
  if (value !== undefined && value > 2_147_483_647n) throw new UsageError(`--${name} is too large`);
  return value === undefined ? undefined : Number(value);
}

export function textOption(values: OptionValues, name: string): string | undefined {
  const value = values[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.trim() === '') throw new UsageError(`--${name} needs a value`);
  return value;
}

export function flagOption(values: OptionValues, name: string): boolean {
  return values[name] === true;
}

/** `2026-11-21`, `2026-11-21T08:00:00Z`, or so long before `nowMs`: `90s`, `30m`, `12h`, `7d`. */
export function timeOption(values: OptionValues, name: string, nowMs: number): Date | undefined {
  const text = textOption(values, name);
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== undefined)
    return validTime(nowMs - Number(count) * DURATION_MS[unit as keyof typeof DURATION_MS], name);
  if (/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)) {
    return validTime(Date.parse(text), name);
  }
  throw new UsageError(`--${name} takes 2026-11-21, 2026-11-21T08:00:00Z, or an age such as 12h or 7d`);
}

export function uuidOption(values: OptionValues, name: string): string | undefined {
  const text = textOption(values, name);
  if (text !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw new UsageError(`--${name} takes a UUID, not ${quote(text)}`);
  }
  return text;
}

function validTime(ms: number, name: string): Date {
  const time = new Date(ms);
  if (Number.isNaN(ms) || Number.isNaN(time.getTime())) throw new UsageError(`--${name} is no time that exists`);
  return time;
}

const quote = (text: string): string => JSON.stringify(text);
