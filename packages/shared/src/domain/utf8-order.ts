const FIRST_SURROGATE = 0xd800;
const FIRST_AFTER_SURROGATES = 0xe000;

/**
 * Orders well-formed text as its UTF-8 bytes: negative, 0 or positive, the sign of `Buffer.compare`, without encoding.
 * UTF-8 keeps the order of code points; UTF-16 differs from it only in that surrogates (characters from U+10000 on) sort
 * below U+E000 to U+FFFF.
 */
export function compareUtf8(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index += 1) {
    const unit = one.charCodeAt(index);
    const otherUnit = other.charCodeAt(index);
    if (unit !== otherUnit) {
      return rank(unit) - rank(otherUnit);
    }
  }
  return one.length - other.length;
}

function rank(unit: number): number {
  const isSurrogate = unit >= FIRST_SURROGATE && unit < FIRST_AFTER_SURROGATES;
  return isSurrogate ? unit + 0x10000 : unit;
}
