import { z } from 'zod';
import { faultText } from './fault-text';
import { textParameter } from './parameters';

const MAX_CURSOR_LENGTH = 512;

/**
 * Where a page ends, as its `nextCursor` says it: opaque to clients, so that what stands in it may change. `scope` names the
 * list that the cursor belongs to, with the parameters that its order hangs on: a cursor of another list is refused.
 */
export function encodeCursor(scope: readonly string[], position: string): string {
  return Buffer.from(JSON.stringify([...scope, position])).toString('base64url');
}

/** The position in a cursor of that list; undefined for what `encodeCursor` did not make for it. */
export function decodeCursor(cursor: string, scope: readonly string[]): string | undefined {
  const parts = readParts(cursor);
  const position = parts?.at(-1);
  return position !== undefined && encodeCursor(scope, position) === cursor ? position : undefined;
}

/** Only its form is judged here; which list it belongs to, where the list is known. */
export const cursorParameter = textParameter()
  .max(MAX_CURSOR_LENGTH, { error: faultText('INVALID_CURSOR', 'must be the nextCursor of an answer of this list') })
  .meta({ description: '`nextCursor` of the page before, with the same other parameters' });

/** `nextCursor` of an answer. */
export const nextCursorSchema = z
  .string()
  .nullable()
  .meta({ description: 'To be given as `cursor` for the next page; null on the last one' });

function readParts(cursor: string): readonly string[] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : undefined;
  } catch {
    return undefined;
  }
}
