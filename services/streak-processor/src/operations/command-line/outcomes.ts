/** The command was typed wrong. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What was asked does not fit the state, or the state changed meanwhile: nothing was changed. Exit code 3. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** Exit codes of the operators' commands; documented in docs/operations.md. */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3 } as const;

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof RefusedError ? EXIT.refused : EXIT.failed;
}

/** An error as one line: what a person at a terminal can use. */
export function lineOf(error: unknown): string {
  const { message, code, errors } = error as { message?: string; code?: string; errors?: readonly unknown[] };
  // Several addresses of one name that all refuse come as an AggregateError without a message.
  const text = message || (errors?.[0] === undefined ? code : lineOf(errors[0])) || String(error);
  return text.replace(/\s*\n\s*/g, '; ');
}
