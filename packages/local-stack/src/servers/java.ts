import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { StackError } from '../stack-error';

const LOWEST_VERSION = 17;

/** Feature release out of the first line of `java -version` ("17.0.15" is 17, "1.8.0_392" is 8), or null. */
export function parseJavaVersion(output: string): number | null {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(output) ?? [];
  if (first === undefined) return null;
  return first === '1' ? Number(second) : Number(first);
}

/** The java program to use: that of JAVA_HOME, else that on PATH. Throws one line when there is none or it is too old. */
export async function findJava(env: NodeJS.ProcessEnv): Promise<string> {
  const home = env['JAVA_HOME'];
  const java = home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');
  const output = await new Promise<string | null>((resolve) => {
    execFile(java, ['-version'], { env }, (error, _stdout, stderr) => resolve(error === null ? stderr : null));
  });
  const advice = `Install a Java ${LOWEST_VERSION} or later runtime, or set JAVA_HOME, or give KAFKA_BROKERS and SCHEMA_REGISTRY_URL of servers you have.`;
  if (output === null) throw new StackError(`No Java: ${java} does not run. ${advice}`);
  const version = parseJavaVersion(output);
  if (version === null || version < LOWEST_VERSION) {
    throw new StackError(`Wrong Java: ${java} is version ${version ?? 'unknown'}. ${advice}`);
  }
  return java;
}
