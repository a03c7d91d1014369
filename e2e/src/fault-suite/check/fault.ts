/** Of what was sent or changed: `lost` is missing, `duplicated` is there or counted twice, `wrong` is anything else that is not as it must be. */
export type FaultKind = 'lost' | 'duplicated' | 'wrong';

export interface Fault {
  readonly kind: FaultKind;
  /** The table, topic or store. */
  readonly where: string;
  readonly detail: string;
}

export type FaultCounts = Readonly<Record<FaultKind, number>>;

export function countFaults(faults: readonly Fault[]): FaultCounts {
  const count = (kind: FaultKind): number => faults.filter((fault) => fault.kind === kind).length;
  return { lost: count('lost'), duplicated: count('duplicated'), wrong: count('wrong') };
}

/** The first few of each kind and place, to be read by people. */
export function describeFaults(faults: readonly Fault[], examples = 5): string[] {
  const groups = new Map<string, Fault[]>();
  for (const fault of faults) {
    const name = `${fault.kind} in ${fault.where}`;
    groups.set(name, [...(groups.get(name) ?? []), fault]);
  }
  return [...groups].flatMap(([name, found]) =>
    found.slice(0, examples).map(({ detail }) => `${name} (${found.length}): ${detail}`),
  );
}

/**
 * Holds two keyed collections against each other. A key that is missing is lost, one too many is duplicated when it is wanted at all and wrong when not; equal keys must have
 * equal contents.
 */
export function compareKeyed<T>(
  where: string,
  found: Iterable<T>,
  wanted: ReadonlyMap<string, string>,
  keyOf: (item: T) => string,
  contentOf: (item: T) => string,
): Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const item of found) {
    const key = keyOf(item);
    const expected = wanted.get(key);
    if (expected === undefined) faults.push({ kind: 'wrong', where, detail: `${key} should not be there` });
    else if (seen.has(key)) faults.push({ kind: 'duplicated', where, detail: key });
    else {
      const content = contentOf(item);
      if (content !== expected) faults.push({ kind: 'wrong', where, detail: `${key} is ${content}, not ${expected}` });
    }
    seen.add(key);
  }
  for (const key of wanted.keys()) if (!seen.has(key)) faults.push({ kind: 'lost', where, detail: key });
  return faults;
}
