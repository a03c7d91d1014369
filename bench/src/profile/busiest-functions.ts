/** The parts of a .cpuprofile file that are read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface BusyFunction {
  /** Name, file and line as built; `(garbage collector)` and `(program)` as V8 names them. */
  readonly name: string;
  /** Of the time that was not idle. */
  readonly share: number;
}

/** By the time spent in a function itself, without those that it calls. */
export function busiestFunctions(profile: CpuProfile, limit: number): readonly BusyFunction[] {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const self = new Map<string, number>();
  let busy = 0;
  for (const [index, node] of profile.samples.entries()) {
    const name = names.get(node) ?? '(unknown)';
    const microseconds = profile.timeDeltas[index] ?? 0;
    if (name === '(idle)' || name === '(root)') continue;
    busy += microseconds;
    self.set(name, (self.get(name) ?? 0) + microseconds);
  }
  const sorted = [...self].sort(([, one], [, other]) => other - one).slice(0, limit);
  return sorted.map(([name, microseconds]) => ({ name, share: microseconds / busy }));
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  if (url === '') return functionName;
  const file = url.replace(/^.*\/(?=(?:packages|services|node_modules)\/)/, '').replace(/^file:\/\//, '');
  return `${functionName === '' ? '(anonymous)' : functionName} ${file}:${lineNumber + 1}`;
}
