/**
 * Freezes and pauses once more, the slow and obvious way, for tests to compare with. It shares no code with the rest: it lives
 * through every day, one after the other, and writes down how things stand in the evening.
 */
export interface DiaryWorld {
  readonly isQualified: (day: number) => boolean;
  readonly isPaused: (day: number) => boolean;
  /** The rule in force on a day. */
  readonly ruleOn: (day: number) => { readonly earnEvery: number; readonly cap: number } | null;
}

/** The evening of a day. */
export interface DiaryPage {
  readonly day: number;
  readonly isQualified: boolean;
  /** The streak could still go on tomorrow. */
  readonly isAlive: boolean;
  /** Which streak it is, counted from 1; also the one that broke last. */
  readonly streak: number;
  readonly length: number;
  /** Days of the streak that were missed and bridged so far, also those after its last qualified day. */
  readonly bridged: number;
  readonly bank: number;
  /** The bank before the day itself earned or cost anything. */
  readonly morningBank: number;
}

const BEFORE_EVERYTHING = {
  isQualified: false,
  isAlive: false,
  streak: 0,
  length: 0,
  bridged: 0,
  bank: 0,
  morningBank: 0,
  progress: 0,
};

/** One page per day, both ends included. Nothing may be qualified before the first. */
export function keepDiary(world: DiaryWorld, firstDay: number, lastDay: number): readonly DiaryPage[] {
  const pages: (DiaryPage & { readonly progress: number })[] = [];
  for (let day = firstDay; day <= lastDay; day += 1) {
    const evening = { ...(pages.at(-1) ?? { day, ...BEFORE_EVERYTHING }), day, isQualified: world.isQualified(day) };
    const rule = world.ruleOn(day);
    if (JSON.stringify(rule) !== JSON.stringify(world.ruleOn(day - 1))) {
      evening.progress = 0;
      evening.bank = rule === null ? 0 : Math.min(evening.bank, rule.cap);
    }
    evening.morningBank = evening.bank;
    if (evening.isQualified) {
      if (!evening.isAlive) {
        Object.assign(evening, {
          isAlive: true,
          streak: evening.streak + 1,
          length: 0,
          bridged: 0,
          bank: 0,
          progress: 0,
        });
      }
      evening.length += 1;
      evening.progress += 1;
      if (rule !== null && evening.progress === rule.earnEvery) {
        evening.progress = 0;
        evening.bank = evening.bank < rule.cap ? evening.bank + 1 : evening.bank;
      }
    } else if (evening.isAlive && world.isPaused(day)) {
      evening.bridged += 1;
    } else if (evening.isAlive && evening.bank > 0) {
      evening.bank -= 1;
      evening.bridged += 1;
    } else {
      evening.isAlive = false;
    }
    pages.push(evening);
  }
  return pages;
}
