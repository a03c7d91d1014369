import type { Type, types } from 'avsc';

/**
 * avsc believes the count of a list or map: a few damaged bytes make it loop 2^50 times, or for ever. Schemas of other
 * teams may have such fields, so values of those schemas are walked first, by rules that end.
 */
export function hasCollections(type: Type, seen: Set<Type> = new Set()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  if (isArray(type) || isMap(type)) return true;
  return partsOf(type).some((part) => hasCollections(part, seen));
}

/** Throws if the bytes do not hold a value of the type, or hold more than it. */
export function checkCollections(type: Type, bytes: Buffer): void {
  const end = skipValue(type, bytes, 0);
  if (end !== bytes.length) throw new Error('truncated buffer or trailing data');
}

function skipValue(type: Type, bytes: Buffer, start: number): number {
  if (isArray(type)) return skipBlocks(bytes, start, (at) => skipValue(type.itemsType, bytes, at));
  if (isMap(type)) return skipBlocks(bytes, start, (at) => skipValue(type.valuesType, bytes, skipSized(bytes, at)));
  if (isUnion(type)) {
    const branch = readLong(bytes, start);
    const branchType = type.types[branch.value];
    if (branchType === undefined) throw new Error('no such branch of a union');
    return skipValue(branchType, bytes, branch.end);
  }
  const parts = partsOf(type);
  if (parts.length > 0) return parts.reduce((at, part) => skipValue(part, bytes, at), start);
  return within(bytes, skipPrimitive(type, bytes, start));
}

function skipPrimitive(type: Type, bytes: Buffer, start: number): number {
  switch (type.typeName) {
    case 'int':
    case 'long':
    case 'enum':
      return readLong(bytes, start).end;
    case 'string':
    case 'bytes':
      return skipSized(bytes, start);
    case 'boolean':
      return start + 1;
    case 'float':
      return start + 4;
    case 'double':
      return start + 8;
    case 'fixed':
      return start + (type as types.FixedType).size;
    default:
      return start;
  }
}

/** Each item is taken for at least one byte, so a count is never more than the bytes that are left. */
function skipBlocks(bytes: Buffer, start: number, skipItem: (at: number) => number): number {
  let at = start;
  for (;;) {
    const count = readLong(bytes, at);
    at = count.end;
    if (count.value === 0) return at;
    // A negative count is followed by the size of its block, which avsc skips by.
    if (count.value < 0) at = checkedSize(bytes, readLong(bytes, at));
    if (Math.abs(count.value) > bytes.length - at) throw new Error('a count that the value cannot hold');
    for (let left = Math.abs(count.value); left > 0; left -= 1) at = skipItem(at);
  }
}

function checkedSize(bytes: Buffer, { value, end }: { readonly value: number; readonly end: number }): number {
  if (value < 0) throw new Error('a negative size');
  within(bytes, end + value);
  return end;
}

function skipSized(bytes: Buffer, start: number): number {
  const length = readLong(bytes, start);
  if (length.value < 0) throw new Error('a negative length');
  return within(bytes, length.end + length.value);
}

function within(bytes: Buffer, position: number): number {
  if (!(position <= bytes.length)) throw new Error('truncated buffer');
  return position;
}

/** Exact up to 2^53, which is more than any count or length that can be right. */
function readLong(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let zigZag = 0;
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[start + index];
    if (byte === undefined) throw new Error('truncated buffer');
    zigZag += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value: zigZag % 2 === 0 ? zigZag / 2 : -(zigZag + 1) / 2, end: start + index + 1 };
  }
  throw new Error('a number of more than ten bytes');
}

/** The types of which a value of this one holds one each, in this order. Of a union, all that it may hold. */
function partsOf(type: Type): readonly Type[] {
  if (isUnion(type)) return type.types;
  if (type.typeName === 'record' || type.typeName === 'error')
    return (type as types.RecordType).fields.map((field) => field.type);
  return 'underlyingType' in type ? [type.underlyingType as Type] : [];
}

function isArray(type: Type): type is types.ArrayType {
  return type.typeName === 'array';
}

function isMap(type: Type): type is types.MapType {
  return type.typeName === 'map';
}

function isUnion(type: Type): type is types.UnwrappedUnionType {
  return type.typeName.startsWith('union');
}
