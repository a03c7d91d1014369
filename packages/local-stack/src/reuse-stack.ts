import { isAlive } from './processes/process-identity';
import type { ServerName } from './server-names';
import { addressOf, type StackAddresses, withBlanks } from './stack-addresses';
import { StackError } from './stack-error';
import type { StackRecord } from './stack-record';
import type { Stack } from './start-stack';

/** A handle on the stack that another process runs in `dir`. Throws when it lacks a server that is wanted. */
export function reuseRunning(
  dir: string,
  record: StackRecord,
  wanted: readonly ServerName[],
  given: Partial<StackAddresses>,
): Stack {
  const { addresses, owner } = record;
  const missing = wanted.find((server) => addresses === undefined || (addressOf(addresses, server) ?? '') === '');
  const dead = Object.entries(record.processes).find(([, identity]) => !isAlive(identity))?.[0];
  if (addresses !== undefined && missing === undefined && dead === undefined)
    return reuse(record, { ...addresses, ...given });
  throw new StackError(
    `The stack in ${dir} is run by process ${owner.pid} but has no ${missing ?? dead} running: end that process first.`,
  );
}

/** A handle on servers that are not ours. */
export function reuse(record: StackRecord, addresses: Partial<StackAddresses>): Stack {
  return {
    addresses: withBlanks(addresses),
    isReused: true,
    pids: () => Object.fromEntries(Object.entries(record.processes).map(([name, { pid }]) => [name, pid])),
    stop: async () => undefined,
    kill(server, signal) {
      const identity = record.processes[server];
      if (identity !== undefined && isAlive(identity)) process.kill(identity.pid, signal);
    },
    async restart(server) {
      throw new StackError(`${server} is run by process ${record.owner.pid}, which alone can restart it.`);
    },
  };
}
