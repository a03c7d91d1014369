import { parseArgs } from 'node:util';
import type { RebuildSource } from './schema/rebuild-schema';

export interface RebuildArguments {
  readonly isHelp: boolean;
  readonly isRedisOnly: boolean;
  readonly isDryRun: boolean;
  readonly mayDropUnlogged: boolean;
  readonly source: RebuildSource;
}

export const USAGE = `npm run rebuild -- [options]

Makes Postgres again from the log, beside the live tables, reports what differs, swaps, and refills Redis. Processors may run.

  --from log|sessions  the log (default); or, where retention cut the log, what is stored: sessions, check-ins, settings …
  --dry-run            builds and reports, swaps nothing
  --redis              refills Redis from Postgres under a new generation, nothing else
  --drop-unlogged      swap also where sessions, check-ins, settings … are only in the live tables: they are lost`;

/** @throws TypeError, in one line, for what is no option */
export function parseArguments(args: readonly string[]): RebuildArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      redis: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      'drop-unlogged': { type: 'boolean', default: false },
      from: { type: 'string', default: 'log' },
    },
  });
  const { from, redis } = values;
  if (from !== 'log' && from !== 'sessions') throw new TypeError(`--from is log or sessions, not ${from}`);
  if (redis && (values['dry-run'] || from !== 'log')) throw new TypeError('--redis goes with no other option');
  return {
    isHelp: values.help,
    isRedisOnly: redis,
    isDryRun: values['dry-run'],
    mayDropUnlogged: values['drop-unlogged'],
    source: from,
  };
}
