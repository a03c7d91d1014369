import { z } from 'zod';
import { faultText } from './fault-text';
import { textParameter } from './parameters';

/** An id of 128 characters takes up to 700 of base64. */
const MAX_CURSOR_LENGTH = 1024;
const REFUSED = faultText('INVALID_CURSOR', 'must be the nextCursor of an answer of this list');

/** A query may have one. Its list is known only with the other parameters: `check` of the list's cursor judges it. */
export const cursorParameter = textParameter()
  .max(MAX_CURSOR_LENGTH, { error: REFUSED })
  .optional()
  .meta({ description: '`nextCursor` of the page before, with the same other parameters' });

/** `nextCursor` of an answer. */
export const nextCursorSchema = z
  .string()
  .nullable()
  .meta({ description: 'To be given as `cursor` for the next page; null on the last one' });

export interface CursorOptions<Query, Position> {
  /** The list that a cursor belongs to: its name and the parameters that its order hangs on. */
  readonly scopeOf: (query: Query) => readonly string[];
  /** Whether a JSON value can be where a page of this list ends. */
  readonly isPosition: (value: unknown) => value is Position;
}

/** Where a page of a list ends, as text that is opaque to clients, so that what stands in it may change. */
export interface ListCursor<Query, Position> {
  encode(query: Query, position: Position): string;
  /** Where the page before ended; undefined for the first page. */
  decode(query: Query): Position | undefined;
  /** Refuses what `encode` did not make for this list and these parameters. */
  check(query: Query, context: z.RefinementCtx): void;
}

export function defineCursor<Query extends { readonly cursor?: string | undefined }, Position>({
  scopeOf,
  isPosition,
}: CursorOptions<Query, Position>): ListCursor<Query, Position> {
  function encode(query: Query, position: Position): string {
    return Buffer.from(JSON.stringify([...scopeOf(query), position])).toString('base64url');
  }

  function decode(query: Query): Position | undefined {
    const position = query.cursor === undefined ? undefined : lastPart(query.cursor);
    return isPosition(position) && encode(query, position) === query.cursor ? position : undefined;
  }

  return {
    encode,
    decode,
    check(query, context) {
      if (query.cursor !== undefined && decode(query) === undefined) {
        context.addIssue({ code: 'custom', path: ['cursor'], message: REFUSED });
      }
    },
  };
}

function lastPart(cursor: string): unknown {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? parts.at(-1) : undefined;
  } catch {
    return undefined;
  }
}
