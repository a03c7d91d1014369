import { parseArgs } from 'node:util';
import { StackError } from '@streaks/local-stack/stack-error';
import { STANDARD_SHAPE } from './data-set/generate-data-set';
import { GROWTH_SERIES_NAMES, type GrowthSeriesName } from './growth/growth-cases';

export const DEFAULT_SECTIONS = [
  'backlog',
  'plain',
  'naive',
  'streams',
  'streams-sink',
  'latency',
  'http',
  'updates',
  'boards',
] as const;
export const SECTIONS = [...DEFAULT_SECTIONS, 'growth', 'profile'] as const;
export type Section = (typeof SECTIONS)[number];

export const GROWTH_PARTS = [...GROWTH_SERIES_NAMES, 'steady'] as const;
export type GrowthPart = GrowthSeriesName | 'steady';

export interface BenchOptions {
  readonly sections: readonly Section[];
  readonly events: number;
  readonly runs: number;
  /** Of the backlog section. */
  readonly processors: number;
  /** Sessions that the tables hold before; undefined: empty tables. */
  readonly prefill: number | undefined;
  /** Sessions a second of the latency section, each in turn, and for how long. */
  readonly rates: readonly number[];
  readonly latencySeconds: number;
  readonly httpSeconds: number;
  /** Length of each load of the updates section. */
  readonly updateSeconds: number;
  /** Of the boards section. */
  readonly boardUsers: number;
  readonly growth: readonly GrowthPart[];
  /** Of the steady load of the growth section. */
  readonly minutes: number;
  readonly steadyRate: number;
  readonly serviceEnv: Readonly<Record<string, string>>;
}

export const USAGE = `npm run bench [-- SECTION ...] [options]
  sections  ${SECTIONS.join(' ')} (all but growth and profile when none is named)
  --events N           events of the data set (${STANDARD_SHAPE.events})
  --runs N             runs of each figure; the median is told (3)
  --processors N       processors that share the topic of backlog (1)
  --prefill N          sessions that the tables hold before backlog and plain begin
  --rates N,N          sessions a second of the latency section (2000,10000)
  --latency-seconds N  how long each of them is offered (20)
  --http-seconds N     length of each load of the http section (4)
  --update-seconds N   length of each load of the updates section (10)
  --board-users N      users of the boards section (1000000)
  --growth A,B         parts of the growth section: ${GROWTH_PARTS.join(' ')} (all)
  --minutes N          length of its steady load (30)
  --steady-rate N      sessions a second of its steady load (5000)
  --set NAME=VALUE     a setting for the services under test; may be repeated`;

/** Throws one line for what is no option. */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args);
  return {
    sections: positionals.length === 0 ? DEFAULT_SECTIONS : positionals.map((name) => oneOf(SECTIONS, name, 'section')),
    events: toCount(values.events),
    runs: toCount(values.runs),
    processors: toCount(values.processors),
    prefill: values.prefill === undefined ? undefined : toCount(values.prefill),
    rates: values.rates.split(',').map(toCount),
    latencySeconds: toCount(values['latency-seconds']),
    httpSeconds: toCount(values['http-seconds']),
    updateSeconds: toCount(values['update-seconds']),
    boardUsers: toCount(values['board-users']),
    growth:
      values.growth === undefined
        ? GROWTH_PARTS
        : values.growth.split(',').map((name) => oneOf(GROWTH_PARTS, name, 'part')),
    minutes: toAmount(values.minutes),
    steadyRate: toCount(values['steady-rate']),
    serviceEnv: Object.fromEntries(values.set.map(toSetting)),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        events: { type: 'string', default: String(STANDARD_SHAPE.events) },
        runs: { type: 'string', default: '3' },
        processors: { type: 'string', default: '1' },
        prefill: { type: 'string' },
        rates: { type: 'string', default: '2000,10000' },
        'latency-seconds': { type: 'string', default: '20' },
        'http-seconds': { type: 'string', default: '4' },
        'update-seconds': { type: 'string', default: '10' },
        'board-users': { type: 'string', default: '1000000' },
        growth: { type: 'string' },
        minutes: { type: 'string', default: '30' },
        'steady-rate': { type: 'string', default: '5000' },
        set: { type: 'string', multiple: true, default: [] },
      },
    });
  } catch (error) {
    throw new StackError(error instanceof Error ? error.message : String(error));
  }
}

function oneOf<Name extends string>(known: readonly Name[], name: string, what: string): Name {
  const found = known.find((one) => one === name);
  if (found === undefined) throw new StackError(`Unknown ${what} "${name}". Known: ${known.join(', ')}.`);
  return found;
}

function toCount(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new StackError(`"${text}" is no count.`);
  return Number(text);
}

function toAmount(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text) || Number(text) === 0) throw new StackError(`"${text}" is no amount.`);
  return Number(text);
}

function toSetting(text: string): [name: string, value: string] {
  const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new StackError(`"${text}" is no NAME=VALUE.`);
  return [name, value];
}
