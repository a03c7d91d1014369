import { userInfo } from 'node:os';
import { requireTzdata } from '@streaks/shared/domain/calendar/tzdata';
import { assertKafkajsIsPatched } from '@streaks/shared/kafka/kafkajs-checks/kafkajs-self-test';
import { createProgressDisplay } from '../verify/progress-display';
import { verifyInstallation } from '../verify/verify-installation';
import { parseArguments, USAGE } from './parse-arguments';
import { type RebuildReport, rebuildInstallation } from './rebuild-installation';

process.title = 'streaks-rebuild';

async function main(): Promise<void> {
  const given = parseArguments(process.argv.slice(2));
  if (given.isHelp) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  await assertKafkajsIsPatched();
  requireTzdata(process.versions['tz']);
  const display = createProgressDisplay(process.stderr);
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const report = await rebuildInstallation(process.env, { ...given, actor: userInfo().username, display, print });
  for (const line of describe(report)) print(line);
  if (!given.isRedisOnly) return;
  const { faults } = await verifyInstallation(process.env, display);
  for (const fault of faults) print(fault);
  print(faults.length === 0 ? 'verify: no differences' : `verify: DIFFERENCES: ${faults.length} lines above`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

function describe({ rebuilt, refilled }: RebuildReport): string[] {
  const redis = `Redis: ${refilled} states written`;
  if (rebuilt === undefined) return [redis];
  const { records, unusable, differences, swapped } = rebuilt;
  const read = `${records} records replayed (${unusable} cannot be used), ${differences} differences`;
  if (swapped === undefined) return [`rebuild: ${read}; nothing swapped`];
  const { corrected, forgotten, generation, fencedMs, readersMs } = swapped;
  const erased = forgotten === 0 ? '' : `, ${forgotten} rows of erased users deleted`;
  return [
    `rebuild: ${read}; swapped, ${corrected} streaks corrected${erased}, generation ${generation}`,
    `  appliers were held back for ${Math.round(fencedMs)} ms, readers for ${Math.round(readersMs)} ms`,
    redis,
  ];
}

main().catch((error: unknown) => {
  process.stderr.write(`rebuild: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
