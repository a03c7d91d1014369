import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { resolveCacheFolder } from '@streaks/local-stack/artifacts/cache-folder';

const run = promisify(execFile);
const INSTALL_TIMEOUT_MS = 240_000;
const CONFLUENT_KAFKA = 'confluent-kafka[avro,schemaregistry]==2.16.0';

/** A program that is there, or why it is not and cannot be. */
export type Found = { readonly path: string } | { readonly missing: string };

/** kcat from the PATH, else installed from Debian where we may (root, apt). */
export async function findKcat(): Promise<Found> {
  const present = onPath('kcat') ?? onPath('kafkacat');
  if (present !== undefined) return { path: present };
  if (onPath('apt-get') === undefined) return { missing: 'kcat is not installed and there is no apt-get' };
  if (process.getuid?.() !== 0) return { missing: 'kcat is not installed and only root can install it' };
  try {
    await aptInstall('kcat').catch(async () => {
      await run('apt-get', ['update', '-q'], { timeout: INSTALL_TIMEOUT_MS });
      await aptInstall('kcat');
    });
  } catch (error) {
    return { missing: `kcat could not be installed: ${lastLine(error)}` };
  }
  const installed = onPath('kcat');
  return installed === undefined ? { missing: 'kcat is not on the PATH after its installation' } : { path: installed };
}

/** A Python with confluent-kafka. */
export function findPythonWithConfluentKafka(env: NodeJS.ProcessEnv = process.env): Promise<Found> {
  return findPythonWith(CONFLUENT_KAFKA, env);
}

/** A Python with a package of PyPI, such as `name==1.2.3`: a virtual environment in the cache folder, made once. */
export async function findPythonWith(requirement: string, env: NodeJS.ProcessEnv = process.env): Promise<Found> {
  const python = onPath('python3');
  if (python === undefined) return { missing: 'python3 is not installed' };
  const folder = join(resolveCacheFolder(env, homedir()), 'python');
  const environment = join(folder, requirement.replace(/\W+/g, '-'));
  const interpreter = join(environment, 'bin', 'python');
  if (existsSync(interpreter)) return { path: interpreter };
  // Marked whole by its name: a run that is cut off leaves only the other one behind.
  const unfinished = `${environment}.${process.pid}`;
  try {
    await mkdir(folder, { recursive: true });
    await run(python, ['-m', 'venv', unfinished], { timeout: INSTALL_TIMEOUT_MS });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', requirement];
    await run(join(unfinished, 'bin', 'python'), pip, { timeout: INSTALL_TIMEOUT_MS });
    await rename(unfinished, environment);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(interpreter)) return { missing: `${requirement} could not be installed: ${lastLine(error)}` };
  }
  return { path: interpreter };
}

function aptInstall(name: string): Promise<unknown> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const args = ['install', '-y', '-q', '--no-install-recommends', name];
  return run('apt-get', args, { timeout: INSTALL_TIMEOUT_MS, env });
}

function onPath(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  return (stderr || message || String(error)).trim().split('\n').at(-1) ?? '';
}
