export interface DecodedRecordBody {
  readonly key: string | null;
  readonly value: Buffer | null;
  /** In their order; a name may come again. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Reads what `createRecordBodyEncoder` writes. */
export function decodeRecordBody(body: Buffer): DecodedRecordBody {
  let at = 0;
  const varint = (): number => {
    let zigzag = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = body.readUInt8(at++);
      zigzag |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (zigzag >>> 1) ^ -(zigzag & 1);
    }
  };
  const bytes = (): Buffer | null => {
    const length = varint();
    if (length < 0) return null;
    at += length;
    return body.subarray(at - length, at);
  };
  const key = bytes();
  const value = bytes();
  const headers = Array.from({ length: varint() }, () => [String(bytes()), String(bytes())] as const);
  if (at !== body.length) throw new Error(`${body.length - at} bytes behind the record`);
  return { key: key === null ? null : key.toString(), value, headers };
}
