import type { LocalDay } from '../../domain/calendar/local-day';
import type { Bridging, DayRange, FreezeStep } from '../../domain/streaks/bridging';

/**
 * `[[[fromDay,earnEvery,cap],[fromDay],...],[[firstDay,lastDay],...]]`: freeze steps, of which one without a rule has the
 * day alone, and pauses.
 */
export function encodeBridging({ freezes, pauses }: Bridging): string {
  return JSON.stringify([
    freezes.map(({ from, rule }) => (rule === null ? [from] : [from, rule.earnEvery, rule.cap])),
    pauses.map(({ first, last }) => [first, last]),
  ]);
}

/** Undefined for what `encodeBridging` did not write. */
export function decodeBridging(value: unknown): Bridging | undefined {
  const [freezes, pauses] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const steps = decodeList(freezes, toFreezeStep);
  const ranges = decodeList(pauses, toDayRange);
  return steps === undefined || ranges === undefined ? undefined : { freezes: steps, pauses: ranges };
}

function decodeList<Element>(
  value: unknown,
  toElement: (numbers: readonly number[]) => Element | undefined,
): readonly Element[] | undefined {
  if (!Array.isArray(value)) {
    return undefined;
  }
  const elements: Element[] = [];
  for (const item of value as readonly unknown[]) {
    const element = Array.isArray(item) && item.every(Number.isInteger) ? toElement(item as number[]) : undefined;
    if (element === undefined) {
      return undefined;
    }
    elements.push(element);
  }
  return elements;
}

function toFreezeStep([from, earnEvery, cap]: readonly number[]): FreezeStep | undefined {
  if (from === undefined) {
    return undefined;
  }
  return { from: from as LocalDay, rule: earnEvery === undefined || cap === undefined ? null : { earnEvery, cap } };
}

function toDayRange([first, last]: readonly number[]): DayRange | undefined {
  return first === undefined || last === undefined ? undefined : { first: first as LocalDay, last: last as LocalDay };
}
