/** What stands in the README for a part of the output that differs from run to run. Never matches past the end of a line. */
export const VARIES = '…';

/** One `sh` block of the tour and the output that stands under it; empty where nothing is to be printed. */
export interface TourStep {
  readonly command: string;
  readonly expected: string;
}

const TOUR_HEADING = '## A five-minute tour';
const FENCED_BLOCK = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** The steps of the tour in a README, in order. */
export function parseTour(readme: string): readonly TourStep[] {
  const [, afterHeading] = readme.split(`\n${TOUR_HEADING}\n`);
  if (afterHeading === undefined) throw new Error(`the README has no section "${TOUR_HEADING}"`);
  const [section = ''] = afterHeading.split(/^## /m);
  const steps: TourStep[] = [];
  for (const [, language = '', text = ''] of section.matchAll(FENCED_BLOCK)) {
    if (language === 'sh') {
      steps.push({ command: text.trimEnd(), expected: '' });
      continue;
    }
    const last = steps.pop();
    if (last === undefined || last.expected !== '') throw new Error(`an output without a command: ${text}`);
    steps.push({ command: last.command, expected: text.trimEnd() });
  }
  return steps;
}

/** The first fenced block of a language. */
export function findBlock(readme: string, language: string): string {
  for (const [, found, text = ''] of readme.matchAll(FENCED_BLOCK)) if (found === language) return text;
  throw new Error(`the README has no block of ${language}`);
}

/** Replaces each text, wherever it stands. */
export function replaceAddresses(command: string, addresses: Readonly<Record<string, string>>): string {
  return Object.entries(addresses).reduce((text, [written, actual]) => text.replaceAll(written, actual), command);
}

/** A step that only asks may be asked again: what was published a moment ago may still be on its way. */
export function onlyReads(command: string): boolean {
  return !/127\.0\.0\.1:3001\b|\bkcat\b/.test(command);
}

/** The expected output where the actual one is like it, so that a comparison shows only what is not. */
export function likeExpected(actual: string, expected: string): string {
  const pattern = expected.split(VARIES).map(escapeForPattern).join('[^\\n]*');
  return new RegExp(`^${pattern}$`).test(actual.trimEnd()) ? expected : actual.trimEnd();
}

function escapeForPattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
