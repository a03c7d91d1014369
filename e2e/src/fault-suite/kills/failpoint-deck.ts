import { PROCESSOR_STEPS, type ProcessorStep } from '@streaks/streak-processor/failpoints';

export interface PlannedKill {
  readonly step: ProcessorStep;
  readonly hit: number;
  /** Where the process is killed that does not come to the step: only one of all meets most pages of members. */
  readonly otherwise?: PlannedKill;
}

/** As the setting FAILPOINTS has it. */
export const failpointText = ({ step, hit, otherwise }: PlannedKill): string =>
  `${step}@${hit}:kill${otherwise === undefined ? '' : `,${failpointText(otherwise)}`}`;

/** Deals failpoints so that every step gets its turn, in an order and at hits that the seed decides. */
export interface FailpointDeck {
  next(): PlannedKill;
}

/** Most hits that are let pass before the kill: about what a processor meets in its first seconds, on a busy machine too. */
const MOST_HITS: Readonly<Record<string, number>> = { A: 6, B: 10, J: 2, P: 8, R: 8 };
/** Cards of each step in the deck: work is open in most steps of a batch, of a page of members and of the publication. */
const CARDS: Readonly<Record<string, number>> = { A: 1, B: 2, J: 2, P: 2, R: 1 };
/** More batches than a processor meets on its way to any other step. */
const OTHERWISE: PlannedKill = { step: 'B4_APPLIED', hit: 25 };

export function createFailpointDeck(random: () => number): FailpointDeck {
  let cards: ProcessorStep[] = [];
  return {
    next() {
      if (cards.length === 0) cards = shuffled(fullDeck(), random);
      const step = cards.pop() ?? 'B3_LOCKED';
      // A processor joins once or twice in its short life.
      const most = step === 'A0_ASSIGNED' ? 2 : (MOST_HITS[step.charAt(0)] ?? 1);
      const planned = { step, hit: 1 + Math.floor(random() * most) };
      return step.startsWith('J') ? { ...planned, otherwise: OTHERWISE } : planned;
    },
  };
}

const fullDeck = (): ProcessorStep[] =>
  PROCESSOR_STEPS.flatMap((step) => Array.from({ length: CARDS[step.charAt(0)] ?? 1 }, () => step));

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
