import { createInterface } from 'node:readline/promises';
import { RefusedError } from './outcomes';

/** What a command says and asks. */
export interface Terminal {
  /** Its result: standard output. */
  print(text: string): void;
  /** What is said beside the result (progress, warnings): standard error. */
  note(text: string): void;
  /** The answer of a person, or undefined where there is nobody to ask. */
  ask(question: string): Promise<string | undefined>;
}

interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export function createTerminal({ stdin, stdout, stderr }: Streams): Terminal {
  return {
    print: (text) => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    async ask(question) {
      if (!stdin.isTTY) return undefined;
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
  };
}

/** @throws RefusedError unless `isAgreed` (--yes), or a person says yes */
export async function requireConsent(terminal: Terminal, isAgreed: boolean): Promise<void> {
  if (isAgreed) return;
  const answer = await terminal.ask('Do this? [y/N] ');
  if (answer === undefined) throw new RefusedError('there is no terminal to ask on: add --yes to do this');
  if (!/^y(es)?$/i.test(answer.trim())) throw new RefusedError('nothing was changed');
}
