import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ROOT, runNode } from './run.mjs';

const ADDRESSES = ['DATABASE_URL', 'KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'REDIS_URL'];

/** Runs an operators' command of the processor, on the servers of the environment or, when it names none, of the local stack. */
export function runOperation(name, args) {
  return runOnInstallation(`operations/${name}-main.js`, args);
}

/** The same for any built script of the processor. */
export function runOnInstallation(script, args) {
  return runNode(`services/streak-processor/dist/${script}`, args, { env: localStackAddresses(process.env) });
}

/** All or nothing: half of one installation and half of another would be changed together. */
export function localStackAddresses(env) {
  if (ADDRESSES.some((name) => (env[name] ?? '') !== '')) return {};
  const file = join(env.STREAKS_LOCAL_DIR ? resolve(env.STREAKS_LOCAL_DIR) : join(ROOT, '.local'), 'stack.env');
  if (!existsSync(file)) return {}; // the command says what it needs
  const lines = readFileSync(file, 'utf8').matchAll(/^export ([A-Z_]+)='(.*)'$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value.replaceAll(`'\\''`, "'")]));
}
