import type { ProblemFault } from '@streaks/shared/errors/problem';
import type { z } from 'zod';

/** Messages of our schemas begin with the fault's code; one that does not is zod's own. */
const FAULT_TEXT = /^([A-Z][A-Z0-9_]*) (.+)$/s;

/** The message of a zod schema for a fault with a stable code. The field's name is put in front of the message. */
export function faultText(code: string, message: string): string {
  return `${code} ${message}`;
}

/** Every fault that zod found, in the order of the schema. */
export function toFaults(error: z.ZodError): readonly ProblemFault[] {
  return error.issues.map(({ path, message }) => {
    const field = fieldOf(path);
    const [, code = 'INVALID', text = message] = FAULT_TEXT.exec(message) ?? [];
    return { field, code, message: field === '' ? text : `${field} ${text}` };
  });
}

/** `userIds[3]`, `range.from`; `''` for the whole. */
function fieldOf(path: readonly PropertyKey[]): string {
  let field = '';
  for (const part of path) {
    field += typeof part === 'number' ? `[${part}]` : `${field === '' ? '' : '.'}${String(part)}`;
  }
  return field;
}
