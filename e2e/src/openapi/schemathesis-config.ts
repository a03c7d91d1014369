import { known, parametersOf } from './known-values';

/** How often a known value is taken. */
const PROBABILITY = 0.7;

/**
 * The configuration file of a run. A session that waits for the processor (`Prefer: wait=30`) may take half a minute. Of
 * `streams`, operations whose answers never end, the beginning is read.
 */
export function schemathesisConfig(streams: readonly string[]): string {
  const lines = [
    'request-timeout = 40',
    ...Object.entries(known).flatMap(([name, values]) => [
      `[dictionaries.${name}]`,
      `values = [${values.map((value) => JSON.stringify(value)).join(', ')}]`,
    ]),
    '[parameters]',
    ...Object.entries(parametersOf).flatMap(([dictionary, names]) =>
      names.map((name) => `"${name}" = { dictionary = "${dictionary}", probability = ${PROBABILITY} }`),
    ),
    ...streams.flatMap((operationId) => [
      '[[operations]]',
      `include-operation-id = ${JSON.stringify(operationId)}`,
      'max-stream-events = 3',
      'request-timeout = 1',
    ]),
  ];
  return `${lines.join('\n')}\n`;
}
