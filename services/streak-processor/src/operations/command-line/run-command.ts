import { SettingsError } from '@streaks/shared/config/define-settings';
import { EXIT, exitCodeOf, lineOf, UsageError } from './outcomes';
import type { Terminal } from './terminal';

/** Runs a command to its exit code; whatever fails is told in one line on standard error. */
export async function runCommand(name: string, terminal: Terminal, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    const hint = error instanceof UsageError ? ` (npm run ${name} -- --help)` : '';
    terminal.note(`${name}: ${lineOf(error)}${hint}`);
    return error instanceof SettingsError ? EXIT.usage : exitCodeOf(error);
  }
}
