import { parseSettings } from '@streaks/shared/config/define-settings';
import { systemClock } from '@streaks/shared/lifecycle/clock';
import { demoUsers } from './demo/demo-sessions';
import { demoSettings } from './demo/demo-settings';
import { seedDemoUser } from './demo/seed-demo';

/** Seeds the three demo users through ingest and prints a line for each. */
async function main(): Promise<void> {
  const { INGEST_URL } = parseSettings(demoSettings, process.env);
  for (const user of demoUsers) {
    const line = await seedDemoUser(user, { ingestUrl: INGEST_URL, nowMs: systemClock.nowMs(), fetch });
    process.stdout.write(`${line}\n`);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
