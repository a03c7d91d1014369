import { userInfo } from 'node:os';
import { parseSettings } from '@streaks/shared/config/define-settings';
import { connect } from './command-line/connect';
import { EXIT } from './command-line/outcomes';
import { runCommand } from './command-line/run-command';
import { createTerminal } from './command-line/terminal';
import { runPartitions } from './partitions/partitions-command';
import { parsePartitionsRequest, partitionsSyntax } from './partitions/partitions-request';
import { operatorSettings } from './settings';

const terminal = createTerminal(process);

async function main(): Promise<number> {
  const request = parsePartitionsRequest(process.argv.slice(2));
  if (request.command === 'help') {
    terminal.print(partitionsSyntax.usage);
    return EXIT.done;
  }
  const connections = connect(parseSettings(operatorSettings, process.env));
  try {
    return await runPartitions({ ...connections, terminal, systemUser: userInfo().username }, request);
  } finally {
    await connections.close();
  }
}

void runCommand('partitions', terminal, main).then((exitCode) => {
  process.exitCode = exitCode;
});
