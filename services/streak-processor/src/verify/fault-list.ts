/** Faults by kind: each counted, the first few of each kept as examples, so that memory is bounded however broken the data is. */
export interface FaultList {
  add(kind: string, example: string): void;
  count(): number;
  /** One line per kind with its count and first example, then the other examples. Empty: nothing is wrong. */
  lines(): readonly string[];
}

const EXAMPLES_PER_KIND = 5;

export function createFaultList(): FaultList {
  const kinds = new Map<string, { count: number; readonly examples: string[] }>();
  return {
    add(kind, example) {
      let known = kinds.get(kind);
      if (known === undefined) {
        known = { count: 0, examples: [] };
        kinds.set(kind, known);
      }
      known.count += 1;
      if (known.examples.length < EXAMPLES_PER_KIND) known.examples.push(example);
    },
    count: () => [...kinds.values()].reduce((sum, { count }) => sum + count, 0),
    lines: () =>
      [...kinds].flatMap(([kind, { count, examples }]) => examples.map((example) => `${kind} (${count}): ${example}`)),
  };
}
