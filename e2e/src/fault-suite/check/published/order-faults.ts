import type { Fault } from '../fault';

/** In the order of reading, versions of one key must go up. */
export function orderFaults<T extends { readonly version: number }>(
  where: string,
  records: readonly T[],
  keyOf: (record: T) => string,
): Fault[] {
  const faults: Fault[] = [];
  const last = new Map<string, number>();
  for (const record of records) {
    const key = keyOf(record);
    const before = last.get(key) ?? 0;
    if (record.version <= before) {
      faults.push({ kind: 'wrong', where, detail: `${key}: v${record.version} after v${before}` });
    }
    last.set(key, record.version);
  }
  return faults;
}
