import { spawn } from 'node:child_process';
import { StackError } from '../stack-error';

/** Runs a script that ends by itself (migrations, demo) and resolves with what it printed; rejects with its last line when it fails. */
export function runToEnd(purpose: string, script: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--enable-source-maps', script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(output);
      const lastLine = output.trim().split('\n').at(-1) ?? '';
      reject(new StackError(`${purpose} failed (${signal ?? `exit code ${code}`}): ${lastLine}`));
    });
  });
}
