import { z } from 'zod';

/** A whole number in decimal digits, `min` to `max` inclusive. Number('') and Number('1e3') would pass; this does not. */
export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^-?\d{1,16}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);
}

/** 0 to 256 processes; `auto` reads as 0, which stands for as many as there are cores. */
export function processCount(): z.ZodType<number, string> {
  return z
    .string()
    .toLowerCase()
    .regex(/^(auto|\d{1,3})$/, 'must be auto or a whole number')
    .transform((text) => (text === 'auto' ? 0 : Number(text)))
    .refine((count) => count <= 256, 'must be at most 256');
}

/** `1`, `true` or `yes`; `0`, `false` or `no`. Any other text is a fault, so a typo never turns a safety off. */
export function flag(): z.ZodType<boolean, string> {
  return z
    .string()
    .toLowerCase()
    .regex(/^(1|true|yes|0|false|no)$/, 'must be 1 or 0')
    .transform((text) => text === '1' || text === 'true' || text === 'yes');
}

/** `host:port,host:port` as a list; at least one. */
export function hostList(): z.ZodType<readonly string[], string> {
  return z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine((hosts) => hosts.every((host) => /^[^\s:,/]+:\d{1,5}$/.test(host)), 'must be host:port, comma-separated');
}

/** A URL with one of the protocols, for example `['http', 'https']`; no trailing slash is kept. */
export function urlOf(protocols: readonly string[]): z.ZodType<string, string> {
  return z
    .string()
    .refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol.slice(0, -1)), {
      message: `must be a URL that starts with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
    })
    .transform((text) => text.replace(/\/+$/, ''));
}

/** A name that Kafka takes for a topic or group. */
export function kafkaName(): z.ZodType<string, string> {
  return z.string().regex(/^[a-zA-Z0-9._-]{1,200}$/, 'must be 1 to 200 of a-z A-Z 0-9 . _ -');
}

/** Any text, the empty one too. */
export function freeText(): z.ZodType<string, string> {
  return z.string();
}
