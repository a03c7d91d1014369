export const MAX_ID_LENGTH = 128;

// A surrogate (Cs) is seen only where it has no partner: the u flag reads pairs as one character.
const REFUSED_IN_ID = /[\p{Cc}\p{Cs}\p{White_Space}]/u;

/**
 * The same characters as a pattern of JSON Schema, for readers in any language: written out, because few of them know the
 * names of Unicode. A surrogate without partner, which it lets through, does not survive UTF-8 anyway.
 */
export const ID_PATTERN =
  '^[^\\u0000-\\u0020\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+$';

/**
 * Whether text may be the id of a user, an organisation or an event: 1 to 128 characters, counted as Unicode code points
 * (as Postgres counts them), well-formed, without control characters or Unicode white space.
 */
export function isValidId(text: string): boolean {
  const units = text.length;
  if (units === 0 || units > 2 * MAX_ID_LENGTH) {
    return false;
  }
  for (let index = 0; index < units; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7e) {
      return isValidBeyondAscii(text);
    }
    if (unit <= 0x20) {
      return false;
    }
  }
  return units <= MAX_ID_LENGTH;
}

function isValidBeyondAscii(text: string): boolean {
  return !REFUSED_IN_ID.test(text) && [...text].length <= MAX_ID_LENGTH;
}
