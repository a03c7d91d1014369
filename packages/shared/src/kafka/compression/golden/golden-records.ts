/** What every golden file holds, as `MakeGolden.java` and `make_golden.py` wrote it. */
export const GOLDEN_RECORDS = 600;

export function goldenRecord(index: number): { readonly key: Buffer; readonly value: Buffer } {
  const text = `{"index":${index},"text":"${'a session of the user '.repeat(8)}"}`;
  return { key: Buffer.from(`user-${index}`), value: index % 40 === 0 ? noise(index, 3000) : Buffer.from(text) };
}

/** Bytes that do not compress, so that codecs store some blocks as they are. */
function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    bytes[at] = (state >> 16) & 0xff;
  }
  return bytes;
}
