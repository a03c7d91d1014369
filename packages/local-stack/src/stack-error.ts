/** A fault the person at the keyboard can mend. The message is one line, says what is wrong and what to do, and is printed as it is. */
export class StackError extends Error {
  override readonly name = 'StackError';
}

/** The one line to print for any thrown value. */
export function errorLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? text;
}
