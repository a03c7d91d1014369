import { ENGINE_STEPS, type EngineStep } from '@streaks/exactly-once/steps';

export interface PlannedKill {
  readonly step: EngineStep;
  readonly hit: number;
}

/** Deals failpoints so that every step gets its turn, in an order and at hits that the seed decides. */
export interface FailpointDeck {
  next(): PlannedKill;
}

/** Most hits that are let pass before the kill: about what a processor meets in its first seconds, on a busy machine too. */
const MOST_HITS: Readonly<Record<string, number>> = { A: 6, B: 10, P: 8, R: 8 };
/** Cards of each step in the deck: work is open in most steps of a batch and of the publication. */
const CARDS: Readonly<Record<string, number>> = { A: 1, B: 2, P: 2, R: 1 };

export function createFailpointDeck(random: () => number): FailpointDeck {
  let cards: EngineStep[] = [];
  return {
    next() {
      if (cards.length === 0) cards = shuffled(fullDeck(), random);
      const step = cards.pop() ?? 'B3_LOCKED';
      // A processor joins once or twice in its short life.
      const most = step === 'A0_ASSIGNED' ? 2 : (MOST_HITS[step.charAt(0)] ?? 1);
      return { step, hit: 1 + Math.floor(random() * most) };
    },
  };
}

const fullDeck = (): EngineStep[] =>
  ENGINE_STEPS.flatMap((step) => Array.from({ length: CARDS[step.charAt(0)] ?? 1 }, () => step));

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
