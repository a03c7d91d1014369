import { join, resolve } from 'node:path';
import { DEFAULT_PORTS, SERVER_NAMES, type ServerPorts } from '../server-names';
import { StackError } from '../stack-error';

/** Root of the repository; the same from `src` and from `dist`. */
export const REPOSITORY_ROOT = resolve(__dirname, '../../../..');

/** Folder of the local stack: STREAKS_LOCAL_DIR, else `.local` in the repository. */
export function localDir(env: NodeJS.ProcessEnv): string {
  const chosen = env['STREAKS_LOCAL_DIR'];
  return chosen === undefined || chosen === '' ? join(REPOSITORY_ROOT, '.local') : resolve(chosen);
}

/** Ports out of STREAKS_KAFKA_PORT, STREAKS_REGISTRY_PORT, STREAKS_POSTGRES_PORT and STREAKS_REDIS_PORT; 0 takes any free one. */
export function serverPorts(env: NodeJS.ProcessEnv): ServerPorts {
  const entries = SERVER_NAMES.map((server) => [
    server,
    readPort(env, `STREAKS_${server.toUpperCase()}_PORT`, DEFAULT_PORTS[server]),
  ]);
  return Object.fromEntries(entries) as Record<(typeof SERVER_NAMES)[number], number>;
}

export function readPort(env: NodeJS.ProcessEnv, variable: string, otherwise: number): number {
  const text = env[variable];
  if (text === undefined || text === '') return otherwise;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new StackError(`${variable} must be a port number, not "${text}".`);
  return Number(text);
}

/** `--brokers 1` or `--brokers 3`; anything else on the command line is refused. */
export function parseBrokers(args: readonly string[]): 1 | 3 {
  const words = args.flatMap((arg) => arg.split('='));
  if (words.length === 0) return 1;
  if (words.length === 2 && words[0] === '--brokers' && words[1] === '1') return 1;
  if (words.length === 2 && words[0] === '--brokers' && words[1] === '3') return 3;
  throw new StackError(`Unknown arguments: ${args.join(' ')}. Known: --brokers 1 or --brokers 3.`);
}
