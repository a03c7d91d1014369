import { SettingsError } from '@streaks/shared/config/define-settings';
import { sqlStateOf } from '@streaks/shared/postgres/errors';
import { EXIT, exitCodeOf, lineOf, UsageError } from './outcomes';
import type { Terminal } from './terminal';

/** Runs a command to its exit code; whatever fails is told in one line on standard error. */
export async function runCommand(name: string, terminal: Terminal, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    const hint = error instanceof UsageError ? `npm run ${name} -- --help` : hintOf(sqlStateOf(error));
    terminal.note(`${name}: ${lineOf(error)}${hint === undefined ? '' : ` (${hint})`}`);
    return error instanceof SettingsError ? EXIT.usage : exitCodeOf(error);
  }
}

const UNDEFINED_TABLE = '42P01';
const UNDEFINED_COLUMN = '42703';
const UNDEFINED_ROLE = '22023';
const NOT_PERMITTED = '42501';

function hintOf(sqlState: string | undefined): string | undefined {
  switch (sqlState) {
    case UNDEFINED_TABLE:
    case UNDEFINED_COLUMN:
    case UNDEFINED_ROLE:
      return 'run the migrations first: node services/streak-processor/dist/migrate-main.js';
    case NOT_PERMITTED:
      return 'the user of DATABASE_URL must be a member of DATABASE_ROLE, streaks_operator if not set';
    default:
      return undefined;
  }
}
