import { userInfo } from 'node:os';
import { parseSettings } from '@streaks/shared/config/define-settings';
import { systemClock } from '@streaks/shared/lifecycle/clock';
import { connect } from './command-line/connect';
import { EXIT } from './command-line/outcomes';
import { runCommand } from './command-line/run-command';
import { createTerminal } from './command-line/terminal';
import { runDeadLetters } from './dead-letters/dead-letters-command';
import { deadLettersSyntax, parseDeadLettersRequest } from './dead-letters/dead-letters-request';
import { operatorSettings } from './settings';

const terminal = createTerminal(process);

async function main(): Promise<number> {
  const request = parseDeadLettersRequest(process.argv.slice(2), systemClock.nowMs());
  if (request.command === 'help') {
    terminal.print(deadLettersSyntax.usage);
    return EXIT.done;
  }
  const connections = connect(parseSettings(operatorSettings, process.env));
  try {
    return await runDeadLetters(
      { ...connections, terminal, systemUser: userInfo().username, now: () => performance.now() },
      request,
    );
  } finally {
    await connections.close();
  }
}

void runCommand('dead-letters', terminal, main).then((exitCode) => {
  process.exitCode = exitCode;
});
