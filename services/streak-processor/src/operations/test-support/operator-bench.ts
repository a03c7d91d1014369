import { parseSettings } from '@streaks/shared/config/define-settings';
import { type Connections, connect } from '../command-line/connect';
import { runCommand } from '../command-line/run-command';
import type { Terminal } from '../command-line/terminal';
import { runDeadLetters } from '../dead-letters/dead-letters-command';
import { parseDeadLettersRequest } from '../dead-letters/dead-letters-request';
import { runPartitions } from '../partitions/partitions-command';
import { parsePartitionsRequest } from '../partitions/partitions-request';
import { operatorSettings } from '../settings';

export interface CommandResult {
  readonly exitCode: number;
  readonly printed: string;
  readonly noted: string;
}

export interface OperatorBench {
  readonly connections: Connections;
  /** As typed after `npm run partitions --`. `answer` is what a person says; without one there is no terminal. */
  partitions(line: string, answer?: () => string | Promise<string>): Promise<CommandResult>;
  deadLetters(line: string, answer?: () => string | Promise<string>): Promise<CommandResult>;
  close(): Promise<void>;
}

export const SYSTEM_USER = 'the-user-of-this-machine';

/** The commands as their mains run them, with the rights of the operators' role. */
export function createOperatorBench(env: Readonly<Record<string, string>>): OperatorBench {
  const connections = connect(parseSettings(operatorSettings, env));

  async function run(
    name: string,
    answer: (() => string | Promise<string>) | undefined,
    work: (terminal: Terminal) => Promise<number>,
  ): Promise<CommandResult> {
    const printed: string[] = [];
    const noted: string[] = [];
    const terminal: Terminal = {
      print: (text) => void printed.push(text),
      note: (text) => void noted.push(text),
      ask: async () => (answer === undefined ? undefined : await answer()),
    };
    const exitCode = await runCommand(name, terminal, () => work(terminal));
    return { exitCode, printed: printed.join('\n'), noted: noted.join('\n') };
  }

  return {
    connections,
    partitions: (line, answer) =>
      run('partitions', answer, async (terminal) => {
        const request = parsePartitionsRequest(line.split(' '));
        if (request.command === 'help') return 0;
        return await runPartitions({ ...connections, terminal, systemUser: SYSTEM_USER }, request);
      }),
    deadLetters: (line, answer) =>
      run('dead-letters', answer, async (terminal) => {
        const request = parseDeadLettersRequest(line.split(' '), Date.now());
        if (request.command === 'help') return 0;
        const context = { ...connections, terminal, systemUser: SYSTEM_USER, now: () => performance.now() };
        return await runDeadLetters(context, request);
      }),
    close: () => connections.close(),
  };
}
