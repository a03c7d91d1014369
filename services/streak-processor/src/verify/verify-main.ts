import { requireTzdata } from '@streaks/shared/domain/calendar/tzdata';
import { createProgressDisplay } from './progress-display';
import { verifyInstallation } from './verify-installation';

process.title = 'streaks-verify';

async function main(): Promise<void> {
  requireTzdata(process.versions['tz']);
  const startedMs = performance.now();
  const { faults, users, sessions, checkIns, behind, waiting } = await verifyInstallation(
    process.env,
    createProgressDisplay(process.stderr),
  );
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const late = [
    behind === 0 ? '' : `, ${behind} not yet in Redis`,
    waiting === 0 ? '' : `, ${waiting} still to be evaluated by new settings of their organisation`,
  ].join('');
  const verdict = faults.length === 0 ? 'no differences' : `DIFFERENCES: ${faults.length} lines above`;
  process.stdout.write(
    `verify: ${users} users, ${sessions} sessions, ${checkIns} check-ins in ${seconds} s${late}: ${verdict}\n`,
  );
  process.exitCode = faults.length === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`verify: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
