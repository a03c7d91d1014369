import { migrate } from './migrate';

const WAIT_MS = 30_000;

async function main(): Promise<void> {
  const databaseUrl = process.env['DATABASE_URL'];
  if (databaseUrl === undefined || databaseUrl === '') throw new Error('DATABASE_URL is not set');
  await migrate({ databaseUrl, waitMs: WAIT_MS, print: (line) => process.stdout.write(`${line}\n`) });
}

main().catch((error: unknown) => {
  const { message, code } = error as { message?: string; code?: string };
  process.stderr.write(`migrate: ${message || code || String(error)}\n`);
  process.exitCode = 1;
});
